import { dtypeName, isDType } from "../tensor/dtype.js";
import { MAX_RANK } from "../tensor/shape.js";
import { type CompositeType, componentsOf } from "./components.js";
import { type Message, toNumber } from "./proto/decode.js";
import { readShape } from "./shape-proto.js";
import type { ComponentInfo, TensorInfo } from "./signature-info.js";

type Composite = Pick<TensorInfo, "dtype" | "shape" | "encoding" | "components">;

/** Values of `TypeSpecProto.TypeSpecClass` (tensorflow/core/protobuf/struct.proto). */
const SPARSE_TENSOR_SPEC = 1;
const RAGGED_TENSOR_SPEC = 3;

/**
 * Reads the spec of a sparse or ragged tensor; undefined for any other spec, for a ragged one without ragged
 * dimensions, whose value is a dense tensor, and for an invalid one: of an unknown dtype or rank, or with more ragged
 * dimensions than dimensions.
 *
 * The state of `SparseTensorSpec` is (shape, dtype), that of `RaggedTensorSpec` (shape, dtype, ragged rank, dtype of row
 * splits).
 */
export function readTypeSpec({ typeSpecClass, typeState }: Message<"TypeSpec">): CompositeType | undefined {
  const [shape, dtype, raggedRank] = typeState?.tupleValue?.values ?? [];
  if (shape === undefined || dtype === undefined) return undefined;
  const type = { shape: readShape(shape.tensorShapeValue), dtype: dtypeName(dtype.tensorDtypeValue) };
  if (!isDType(type.dtype) || (type.shape?.length ?? 0) > MAX_RANK) return undefined;
  if (typeSpecClass === SPARSE_TENSOR_SPEC) return { ...type, encoding: "sparse", count: 3 };
  const rank = raggedRank === undefined ? 0 : toNumber(raggedRank.int64Value);
  const most = type.shape === null ? MAX_RANK : type.shape.length;
  if (typeSpecClass !== RAGGED_TENSOR_SPEC || !Number.isInteger(rank) || rank < 1 || rank >= most) return undefined;
  return { ...type, encoding: "ragged", count: 1 + rank };
}

/** A `TensorInfo.coo_sparse`. */
export function readSparse(
  { indicesTensorName, valuesTensorName, denseShapeTensorName }: Message<"CooSparse">,
  { dtype, shape }: Pick<TensorInfo, "dtype" | "shape">,
): Composite {
  const names = [indicesTensorName, valuesTensorName, denseShapeTensorName];
  const components = componentsOf({ encoding: "sparse", dtype, shape, count: names.length });
  return {
    dtype,
    shape,
    encoding: "sparse",
    components: components.map((part, index) => withTensor(part, names[index])),
  };
}

/** A `TensorInfo.composite_tensor`. */
export function readComposite({ typeSpec, components }: Message<"CompositeTensor">): Composite {
  const type = typeSpec === null ? undefined : readTypeSpec(typeSpec);
  if (type === undefined || components.length !== type.count) {
    return { dtype: dtypeName(0), shape: null, encoding: "composite" };
  }
  const { dtype, shape, encoding } = type;
  const parts = componentsOf(type).map((part, index) => {
    const info = components[index];
    // Row splits may be int32 too.
    return withTensor({ ...part, dtype: dtypeName(info?.dtype ?? 0) }, info?.name);
  });
  return { dtype, shape, encoding, components: parts };
}

function withTensor(component: ComponentInfo, name: string | undefined): ComponentInfo {
  return name ? { ...component, tensor: name } : component;
}

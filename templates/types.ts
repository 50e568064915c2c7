import { stringLiteral } from "../generator/client/escape.js";
import type { NamedFeature } from "../generator/client/name-examples.js";
import type { NamedTensor } from "../generator/client/name-model.js";
import { holdsOneValue, type ShapeSpec } from "../runtime/tensor/shape.js";

/** The compiler gives up on types that are nested more deeply than some 30 levels. */
const MAX_TYPED_RANK = 16;

/** `[1, 2]`, `[number, 2]`, or `AnyShape` for a rank that is unknown, or too high for the compiler. */
function shapeType(shape: ShapeSpec): string {
  return shape === null || shape.length > MAX_TYPED_RANK
    ? "AnyShape"
    : `[${shape.map((size) => size ?? "number").join(", ")}]`;
}

/** The types of the runtime for the forms that a value has. */
const LIKE = { dense: "TensorLike", ragged: "RaggedLike", sparse: "SparseLike" } as const;
const RESULT = { dense: "Tensor", ragged: "RaggedTensor", sparse: "SparseTensor" } as const;

/** What generated files may import of the runtime's types of values. */
export const VALUE_TYPES: readonly string[] = ["AnyShape", "Complex", ...Object.values(LIKE), ...Object.values(RESULT)];

/** What a value of this dtype and shape may be made of. */
function likeType({ dtype, shape, form }: NamedTensor): string {
  return `${LIKE[form]}<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
}

/** What an input accepts: `TensorLike<"float32", [1, 2]>`, and objects where it takes serialized examples. */
export function inputType(input: NamedTensor): string {
  const { shape, exampleType, exampleRank = shape?.length } = input;
  const type = likeType(input);
  if (exampleType === undefined) return type;
  const items = exampleRank === 0 ? exampleType : `readonly ${exampleType}[]`;
  return `${type} | ${items}${exampleRank === undefined ? ` | ${exampleType}` : ""}`;
}

/** What a feature of an example accepts: a plain value where it holds one, else what an input of its shape does. */
export function featureType({ dtype, kind, shape }: NamedFeature): string {
  const value = { float32: "number", int64: "number | bigint", string: "string | Uint8Array" }[dtype];
  if (kind === "dense" && shape.length === 0) return value;
  const list = `TensorLike<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
  return kind === "dense" && holdsOneValue(shape) ? `${value} | ${list}` : list;
}

/** What an output is: a plain value for a scalar, else `Tensor<"float32", [1, 1]>`. */
export function outputType({ dtype, shape, form, bytes }: NamedTensor): string {
  if (shape?.length !== 0 || form !== "dense") return `${RESULT[form]}<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
  switch (dtype) {
    case "int64":
    case "uint64":
      return "bigint";
    case "complex64":
    case "complex128":
      return "Complex";
    case "bool":
      return "boolean";
    case "string":
      return bytes === true ? "Uint8Array" : "string";
    default:
      return "number";
  }
}

/** What an output may be made of: what an input of its dtype and shape accepts, and a plain value for a scalar. */
export function resultType(output: NamedTensor): string {
  const { dtype, shape, form } = output;
  if (shape?.length !== 0 || form !== "dense") return likeType(output);
  return dtype === "int64" || dtype === "uint64" ? "bigint | number" : outputType(output);
}

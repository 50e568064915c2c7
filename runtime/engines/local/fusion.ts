import { attributeOf, openGraph } from "../../saved-model/graph/graph.js";
import { decode, type Message } from "../../saved-model/proto/decode.js";
import { readShape } from "../../saved-model/shape-proto.js";
import { isHidden } from "../../saved-model/signatures.js";
import { elementCount, type ShapeSpec } from "../../tensor/shape.js";
import type { NativeApi } from "./native/c-api.js";

/** Rows of a matrix product up to which its parts take no longer than the fused one; measured with oneDNN and AVX-512. */
const MAX_ROWS = 128;
/** Elements of a matrix of weights up to which they do. */
const MAX_WEIGHTS = 2 ** 16;
/** Bytes of a node with more weights than that. */
const MAX_NODE = 4 * MAX_WEIGHTS;

/** Operations of the main graph that hold a variable. */
const VARIABLES: ReadonlySet<string> = new Set(["VarHandleOp", "VariableV2", "Variable"]);

/**
 * Operations whose fusion saves more than it costs, or that stand for many which are fused to one: convolutions, batch
 * normalization, products of batches, layer normalization, GELU and Mish (tensorflow/core/grappler/optimizers/remapper.cc).
 */
const WORTH_FUSING = /Conv|BatchNorm|BatchMatMul|Einsum|^(Rsqrt|Erfc?|Softplus|AsString)$/;

/** Parts of a meta graph that tell how large its operations are. */
type Sizes = Pick<Message<"MetaGraphDef">, "graphDef" | "signatureDef">;

/**
 * Returns false for a model of small matrix products, if TensorFlow runs them with oneDNN: there a product that is fused
 * with its bias takes 5 µs more than the two operations.
 */
export function suitsFusion(api: NativeApi, sizes: Sizes): boolean {
  return !hasSmallProducts(sizes) || !usesOneDnn(api);
}

/** Returns true for a model whose signatures and weights tell that its matrix products are small. */
export function hasSmallProducts({ graphDef, signatureDef }: Sizes): boolean {
  const inputs = signatureDef.flatMap(({ key, value }) => (value === null || isHidden(key) ? [] : value.inputs));
  if (inputs.length === 0 || !inputs.every(({ value }) => hasFewRows(value))) return false;
  try {
    return hasSmallWeights(graphDef);
  } catch {
    // TensorFlow says more of a graph that cannot be decoded.
    return false;
  }
}

function hasFewRows(info: Message<"TensorInfo"> | null): boolean {
  const shape = info?.tensorShape ? readShape(info.tensorShape) : null;
  return isKnown(shape) && elementCount(shape.slice(0, -1)) <= MAX_ROWS;
}

function hasSmallWeights(graphDef: Uint8Array): boolean {
  const { library, node } = decode("GraphDef", graphDef);
  const bodies = (library?.function ?? []).map((body) => decode("FunctionNodes", body).nodeDef);
  if ([node, ...bodies].flat().some(({ length }) => length > MAX_NODE)) return false;
  const graph = openGraph(graphDef);
  const types = [...graph.operationTypes()];
  if (!types.includes("MatMul") || types.some((type) => WORTH_FUSING.test(type))) return false;
  return graph.ofTypes(VARIABLES).every((variable) => {
    const shape = attributeOf(variable, "shape")?.shape;
    const sizes = shape ? readShape(shape) : null;
    return isKnown(sizes) && elementCount(sizes) <= MAX_WEIGHTS;
  });
}

function isKnown(shape: ShapeSpec): shape is readonly number[] {
  return shape !== null && !shape.includes(null);
}

let isOneDnnUsed: boolean | undefined;

/** Returns true if TensorFlow runs matrix products with oneDNN on this processor; false where the library does not tell. */
function usesOneDnn({ library }: NativeApi): boolean {
  if (process.arch !== "x64") return false;
  // A function of C++, which the libraries for Linux export: bool tensorflow::IsMKLEnabled().
  const NAME = "_ZN10tensorflow12IsMKLEnabledEv";
  isOneDnnUsed ??= library.has(NAME) && (library.find(NAME).func(NAME, "bool", [])() as boolean);
  return isOneDnnUsed;
}

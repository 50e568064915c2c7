import type { Message } from "../proto/decode.js";
import type { SignatureInfo, TensorInfo } from "../signature-info.js";
import { calledFunction, type GraphIndex, operationOf, outputIndexOf, producerOf } from "./graph.js";

type Node = Message<"NodeDef">;

/** Operations whose strings are bytes in a binary format. */
const ENCODERS: ReadonlySet<string> = new Set(
  (
    "DecodeBase64 DecodeCompressed EncodeCompressed EncodeJpeg EncodeJpegVariableQuality EncodePng EncodeProto EncodeWav " +
    "SerializeManySparse SerializeSparse SerializeTensor"
  ).split(" "),
);

/** Operations that pass on the strings of their first input, in whatever shape. */
const PASSING_OPS: ReadonlySet<string> = new Set(["ExpandDims", "Identity", "Reshape", "Squeeze", "StopGradient"]);

/** Limit on operations between an encoder and an output, above that of any author. */
const MAX_STEPS = 64;

/** The nodes of the main graph, or of a function. */
interface Scope {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly results: readonly string[];
}

/**
 * Marks scalar string outputs that are bytes: those whose strings an operation encodes. Of a graph without such operations
 * nothing is decoded.
 */
export function bytesReader(graph: GraphIndex): (signature: SignatureInfo) => SignatureInfo {
  const types = graph.operationTypes();
  if (![...ENCODERS].some((type) => types.has(type))) return (signature) => signature;
  const scopes = new Map<string, Scope | undefined>();
  const open = (name: string): Scope | undefined => {
    if (!scopes.has(name)) scopes.set(name, name === "" ? mainScope(graph) : functionScope(graph, name));
    return scopes.get(name);
  };
  const read = (output: TensorInfo): TensorInfo => {
    const { dtype, shape, tensor } = output;
    if (dtype !== "string" || shape?.length !== 0 || tensor === undefined) return output;
    return isEncoded(tensor, open) ? { ...output, bytes: true } : output;
  };
  return (signature) => ({ ...signature, outputs: signature.outputs.map(read) });
}

/** Returns true if a tensor of the main graph is the result of an encoder. */
function isEncoded(tensor: string, open: (name: string) => Scope | undefined): boolean {
  let scope = open("");
  let wanted = tensor;
  for (let step = 0; step < MAX_STEPS; step++) {
    const node = scope?.nodes.get(producerOf(wanted)) ?? scope?.nodes.get(operationOf(wanted));
    if (node === undefined) return false;
    if (ENCODERS.has(node.op)) return true;
    const callee = calledFunction(node);
    if (callee !== undefined) {
      scope = open(callee);
      // In the main graph `call:1`, in a function `call:output:1`.
      wanted = scope?.results[outputIndexOf(wanted)] ?? "";
    } else if (PASSING_OPS.has(node.op)) {
      wanted = node.input[0] ?? "";
    } else {
      return false;
    }
  }
  return false;
}

function mainScope(graph: GraphIndex): Scope {
  return { nodes: new Map(graph.all().map((node) => [node.name, node])), results: [] };
}

function functionScope(graph: GraphIndex, name: string): Scope | undefined {
  const body = graph.function(name);
  if (body === undefined) return undefined;
  const tensors = new Map(body.ret.map(({ key, value }) => [key, value]));
  return {
    nodes: new Map(body.nodeDef.map((node) => [node.name, node])),
    results: (body.signature?.outputArg ?? []).map((output) => tensors.get(output.name) ?? ""),
  };
}

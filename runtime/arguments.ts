import { type ArgumentLeaf, argumentReader } from "./argument-structure.js";
import { authorFunction, inOrder } from "./author-order.js";
import { type CompositeType, componentsOf } from "./composite.js";
import type { SignatureDescription, TensorDescription } from "./description.js";
import { type GraphIndex, openGraph } from "./graph.js";
import type { Message } from "./proto/decode.js";
import { matchesShape, type ShapeSpec } from "./shape.js";
import { readSignatures } from "./signatures.js";

/**
 * Makes the inputs of signatures what the arguments of the author's functions are, as far as the file tells it: in the
 * author's order, with ragged and sparse ones put together from their loose components, and under the author's names.
 */
export function argumentRestorer(
  graph: GraphIndex,
  objectGraph: Uint8Array,
): (signature: SignatureDescription) => SignatureDescription {
  const leavesOf = argumentReader(objectGraph);
  return (signature) => {
    if (signature.inputs.length < 2) return signature;
    const author = authorFunction(signature, graph);
    if (author === undefined) return signature;
    const ordered = inOrder(signature, author.order);
    const inputs = restore(ordered.inputs, leavesOf(author.name) ?? []);
    return inputs === undefined ? ordered : { ...ordered, inputs };
  };
}

/** The signatures of a meta graph as their authors wrote them, sorted by key: see {@link argumentRestorer}. */
export function readAuthorSignatures(
  metaGraph: Pick<Message<"MetaGraphDef">, "graphDef" | "objectGraphDef" | "signatureDef">,
): readonly SignatureDescription[] {
  const signatures = readSignatures(metaGraph);
  // Where no signature has two inputs there is nothing that the graph could tell.
  if (!signatures.some(({ inputs }) => inputs.length > 1)) return signatures;
  return signatures.map(argumentRestorer(openGraph(metaGraph.graphDef), metaGraph.objectGraphDef));
}

/** One input for each leaf; undefined where the leaves are not those of these inputs. */
function restore(
  inputs: readonly TensorDescription[],
  leaves: readonly ArgumentLeaf[],
): readonly TensorDescription[] | undefined {
  const restored: TensorDescription[] = [];
  let next = 0;
  for (const { name, composite, times = 1 } of leaves) {
    // As many as the file says may be more than there are: the first that is missing ends it.
    for (let count = 0; count < times; count++) {
      const parts = inputs.slice(next, next + (composite?.count ?? 1));
      next += parts.length;
      const input = composite === undefined ? parts[0] : join(parts, composite);
      if (input === undefined) return undefined;
      restored.push(withName(input, name));
    }
  }
  return next === inputs.length ? restored : undefined;
}

/** The input that these components make up; undefined where they do not fit its type. */
function join(parts: readonly TensorDescription[], type: CompositeType): TensorDescription | undefined {
  const [first] = parts;
  if (parts.length !== type.count) return undefined;
  const components = componentsOf(type).map((component, index) => {
    const part = parts[index];
    const { role, dtype, shape } = component;
    const isSplits = role === "row_splits" && part?.dtype === "int32";
    if (part?.encoding !== undefined || (part?.dtype !== dtype && !isSplits)) return undefined;
    if (!agrees(part.shape, shape)) return undefined;
    const { key, tensor } = part;
    return { role, key, dtype: part.dtype, shape: part.shape, ...(tensor === undefined ? {} : { tensor }) };
  });
  const known = components.filter((component) => component !== undefined);
  if (first === undefined || known.length !== type.count) return undefined;
  const { encoding, dtype, shape } = type;
  const optional = parts.every((part) => part.optional === true) ? { optional: true as const } : {};
  return { key: first.key, dtype, shape, encoding, components: known, ...optional };
}

/** Whether two shapes can be those of one tensor. */
function agrees(a: ShapeSpec, b: ShapeSpec): boolean {
  if (a === null || b === null) return true;
  return matchesShape(
    a.map((size, axis) => size ?? b[axis] ?? 0),
    b,
  );
}

/** Keys that TensorFlow makes up: of arguments without a name, and to tell the parts of one argument from each other. */
const MADE_UP = /^args_\d+|_\d+$/;

function withName(input: TensorDescription, name: string): TensorDescription {
  return name === "" || name === input.key || !MADE_UP.test(input.key) ? input : { ...input, name };
}

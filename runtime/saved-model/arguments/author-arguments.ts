import { matchesShape, type ShapeSpec } from "../../tensor/shape.js";
import { type CompositeType, componentsOf, looseInputs } from "../components.js";
import { type GraphIndex, openGraph } from "../graph/graph.js";
import { decode, type Message } from "../proto/decode.js";
import type { SignatureInfo, TensorInfo } from "../signature-info.js";
import { readSignatures } from "../signatures.js";
import { argumentNames } from "./argument-names.js";
import { type ArgumentLeaf, type ArgumentReader, argumentReader } from "./argument-structure.js";
import { type AuthorFunction, authorFunction, inOrder } from "./author-order.js";

/**
 * Converts the inputs of signatures to the arguments of the author's functions, as far as the file tells them: in the
 * author's order, with ragged and sparse ones joined from their loose components, and under the author's names.
 */
export function argumentRestorer(
  graph: GraphIndex,
  objectGraph: Uint8Array,
): (signature: SignatureInfo) => SignatureInfo {
  const functions = argumentReader(objectGraph);
  return (signature) => {
    // A model of TensorFlow 1 has no author's names, and one input is in order.
    if (signature.inputs.length < (objectGraph.length === 0 ? 2 : 1)) return signature;
    const author = authorFunction(signature, graph);
    if (author === undefined) return signature.inputs.length < 2 ? signature : { ...signature, unordered: true };
    const ordered = inOrder(signature, author.order);
    const restored = restoreInputs(ordered.inputs, author, functions, graph);
    if (restored === undefined) return ordered;
    const { inputs, isSorted } = restored;
    return { ...ordered, inputs, ...(isSorted ? { unordered: true } : {}) };
  };
}

/** Returns the signatures of a meta graph as their authors wrote them, sorted by key: see {@link argumentRestorer}. */
export function readAuthorSignatures(
  metaGraph: Pick<Message<"MetaGraphDef">, "graphDef" | "objectGraphDef" | "signatureDef">,
): readonly SignatureInfo[] {
  const signatures = readSignatures(metaGraph);
  const { graphDef, objectGraphDef } = metaGraph;
  // Without a signature of two inputs the graph cannot tell an order.
  if (objectGraphDef.length === 0 && !signatures.some(({ inputs }) => inputs.length > 1)) return signatures;
  return signatures.map(argumentRestorer(openGraph(graphDef), objectGraphDef));
}

/**
 * Returns the signatures of a meta graph with the inputs in the file, each with the author's expression for the
 * argument that it is, or is a component of.
 */
export function readNamedSignatures(
  metaGraph: Pick<Message<"MetaGraphDef">, "graphDef" | "objectGraphDef" | "signatureDef">,
): readonly SignatureInfo[] {
  return readAuthorSignatures(metaGraph).map((signature) => ({
    ...signature,
    inputs: signature.inputs.flatMap(looseInputs),
  }));
}

/** The inputs as the author's function has them. */
interface Restored {
  readonly inputs: readonly TensorInfo[];
  /** True if some of them are entries of one dict, which TensorFlow sorts. */
  readonly isSorted: boolean;
}

/** One input for each argument of the author's function; undefined where the object graph does not tell them. */
function restoreInputs(
  inputs: readonly TensorInfo[],
  author: AuthorFunction,
  functions: ArgumentReader,
  graph: GraphIndex,
): Restored | undefined {
  const exact = functions.exact(author.name);
  if (exact !== undefined) return restore(inputs, exact.leaves);
  // A signature that was made of a concrete function calls a copy, which the object graph does not list.
  const twins = functions.twins(author.name).filter(({ captures }) => captures === author.captures);
  const names = twins.length === 0 ? [] : argumentNamesInGraph(author, graph);
  const found = twins.flatMap(({ leaves }) => (agreeInNames(leaves, names) ? [restore(inputs, leaves)] : []));
  const [first, ...others] = found.filter((restored) => restored !== undefined);
  return others.every((other) => JSON.stringify(other) === JSON.stringify(first)) ? first : undefined;
}

/** The names of the Python arguments that inputs belong to, where the function itself tells them. */
function argumentNamesInGraph({ name, places }: AuthorFunction, graph: GraphIndex): readonly (string | undefined)[] {
  const attributes = new Map((graph.function(name)?.argAttr ?? []).map(({ key, value }) => [key, value]));
  return places.map((place) => {
    const attribute = attributes.get(place)?.attr.find(({ key }) => key === "_user_specified_name");
    return attribute && Buffer.from(decode("AttrValue", attribute.value).s).toString();
  });
}

/** Returns true if a function with these arguments may be the one whose inputs belong to arguments of these names. */
function agreeInNames(leaves: readonly ArgumentLeaf[], names: readonly (string | undefined)[]): boolean {
  let next = 0;
  return leaves.every(({ root, specName, composite, times = 1 }) => {
    const first = next;
    next += composite?.count ?? times;
    return names
      .slice(first, next)
      .every((name) => name === undefined || name === root || name === specName || name.startsWith(`${root}/`));
  });
}

/** One of the leaves that stand in a row. */
function atIndex(leaf: ArgumentLeaf, index: number): ArgumentLeaf {
  return index === 0 ? leaf : { ...leaf, path: [...leaf.path.slice(0, -1), { kind: "index", index }] };
}

/** One input for each leaf; undefined where the leaves are not those of these inputs. */
function restore(inputs: readonly TensorInfo[], leaves: readonly ArgumentLeaf[]): Restored | undefined {
  const isOnlyRoot = leaves.every(({ root }) => root === leaves[0]?.root);
  const restored: TensorInfo[] = [];
  let next = 0;
  for (const leaf of leaves) {
    // As many as the file says may be more than there are: the first that is missing ends it.
    for (let index = 0; index < (leaf.times ?? 1); index++) {
      const parts = inputs.slice(next, next + (leaf.composite?.count ?? 1));
      next += parts.length;
      const input = leaf.composite === undefined ? parts[0] : join(parts, leaf.composite);
      if (input === undefined) return undefined;
      restored.push({ ...input, ...argumentNames(input.key, atIndex(leaf, index), isOnlyRoot) });
    }
  }
  return next === inputs.length ? { inputs: restored, isSorted: isSorted(leaves) } : undefined;
}

/** Returns true if two leaves are in different entries of one dict. */
function isSorted(leaves: readonly ArgumentLeaf[]): boolean {
  const entries = new Map<string, string>();
  return leaves.some(({ root, path }) => {
    let place = JSON.stringify(root);
    return path.some((step) => {
      const name = step.kind === "index" ? `${step.index}` : JSON.stringify(step.name);
      const known = step.kind === "key" ? (entries.get(place) ?? name) : name;
      if (step.kind === "key") entries.set(place, known);
      place += `/${name}`;
      return known !== name;
    });
  });
}

/** Returns the input that these components make up; undefined where they do not fit its type. */
function join(parts: readonly TensorInfo[], type: CompositeType): TensorInfo | undefined {
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

/** Returns true if two shapes can be those of one tensor. */
function agrees(a: ShapeSpec, b: ShapeSpec): boolean {
  if (a === null || b === null) return true;
  return matchesShape(
    a.map((size, axis) => size ?? b[axis] ?? 0),
    b,
  );
}

import { calledFunction, type GraphIndex, operationOf } from "../graph/graph.js";
import type { Message } from "../proto/decode.js";
import type { SignatureInfo } from "../signature-info.js";

/** TensorFlow's own function around each signature; its arguments are sorted by name. */
const WRAPPER = /signature_wrapper/;

/** The author's Python function behind a signature. */
export interface AuthorFunction {
  /** Its name in the function library. */
  readonly name: string;
  /** The keys of the signature's inputs in the order of its arguments. */
  readonly order: readonly string[];
  /** The place of each of them among the arguments. */
  readonly places: readonly number[];
  /** Number of its other arguments: variables and constants. */
  readonly captures: number;
}

/**
 * Returns the function that a signature calls, where the function library tells it.
 *
 * A signature's node calls a wrapper whose arguments are sorted by name, but the wrapper's body calls the author's function
 * in the author's order. The keys of the inputs are followed by position through both calls. Models of TensorFlow 1 have
 * no functions: their inputs stay in natural order.
 *
 * Many signatures may share one call or one wrapper: each of these is indexed once, and a signature costs no more than its
 * inputs.
 */
export function authorFunction(signature: SignatureInfo, graph: GraphIndex): AuthorFunction | undefined {
  const tensors = signature.outputs.flatMap(({ tensor, components = [] }) => tensor ?? components[0]?.tensor ?? []);
  const [output] = tensors;
  const call = output === undefined ? undefined : graph.node(operationOf(output));
  const callee = call === undefined ? undefined : calledFunction(call);
  if (call === undefined || callee === undefined) return undefined;
  const keyOfTensor = new Map(signature.inputs.map(({ key, tensor }) => [withIndex(tensor ?? ""), key]));
  const inputs = placesOf([...keyOfTensor], inputPlaces(call));
  if (inputs === undefined || inputs.length !== signature.inputs.length) return undefined;
  if (!WRAPPER.test(callee)) return authorOf(callee, inputs, argumentsOf(call.input).length);
  const wrapper = graph.function(callee);
  return wrapper === undefined ? undefined : innerFunction(wrapperIndex(wrapper), inputs);
}

/** An input of a signature, and its place among the arguments of a call. */
interface PlacedKey {
  readonly key: string;
  readonly place: number;
}

/** Sorts keys by the places of their arguments; undefined where one has no place, or several. */
function placesOf(
  entries: readonly (readonly [argument: string, key: string])[],
  places: ReadonlyMap<string, number>,
): readonly PlacedKey[] | undefined {
  const placed: PlacedKey[] = [];
  for (const [argument, key] of entries) {
    const place = places.get(argument);
    if (place === undefined || place === REPEATED) return undefined;
    placed.push({ key, place });
  }
  return placed.sort((a, b) => a.place - b.place);
}

/** In place of the place of an argument that is passed more than once. */
const REPEATED = -1;

const callPlaces = new WeakMap<Message<"NodeDef">, ReadonlyMap<string, number>>();

/** The place of each tensor among the inputs of a node of the main graph. */
function inputPlaces(call: Message<"NodeDef">): ReadonlyMap<string, number> {
  const known = callPlaces.get(call);
  if (known !== undefined) return known;
  const places = indexOnce(argumentsOf(call.input).map(withIndex));
  callPlaces.set(call, places);
  return places;
}

function indexOnce(items: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, item] of items.entries()) places.set(item, places.has(item) ? REPEATED : place);
  return places;
}

interface WrapperCall {
  readonly name: string;
  /** Number of its arguments. */
  readonly count: number;
  /** The place of each tensor among them. */
  readonly places: ReadonlyMap<string, number>;
}

/** The calls in the body of a wrapper. */
interface WrapperIndex {
  readonly args: readonly string[];
  readonly calls: readonly WrapperCall[];
  /** The calls that take an argument of the wrapper, by their numbers. */
  readonly callsWith: ReadonlyMap<string, readonly number[]>;
  /** The call that was found for arguments at these places, or undefined where there is none. */
  readonly found: Map<string, number | undefined>;
}

const wrappers = new WeakMap<Message<"FunctionDef">, WrapperIndex>();

function wrapperIndex(wrapper: Message<"FunctionDef">): WrapperIndex {
  const known = wrappers.get(wrapper);
  if (known !== undefined) return known;
  const args = wrapper.signature?.inputArg.map(({ name }) => name) ?? [];
  const isArgument = new Set(args);
  const callsWith = new Map<string, number[]>();
  const calls = wrapper.nodeDef.flatMap((node) => {
    const name = calledFunction(node);
    if (name === undefined) return [];
    const inputs = argumentsOf(node.input);
    return [{ name, count: inputs.length, places: indexOnce(inputs) }];
  });
  for (const [number, { places }] of calls.entries()) {
    for (const argument of places.keys()) {
      if (!isArgument.has(argument)) continue;
      const others = callsWith.get(argument);
      if (others === undefined) callsWith.set(argument, [number]);
      else others.push(number);
    }
  }
  const index: WrapperIndex = { args, calls, callsWith, found: new Map() };
  wrappers.set(wrapper, index);
  return index;
}

/** The first call in a wrapper that takes each of these arguments once. */
function innerFunction(wrapper: WrapperIndex, inputs: readonly PlacedKey[]): AuthorFunction | undefined {
  const { args, calls, callsWith, found } = wrapper;
  const entries = inputs.map(({ key, place }) => [args[place] ?? "", key] as const);
  const question = inputs.map(({ place }) => place).join();
  if (!found.has(question)) {
    // Those that take the rarest argument are the fewest.
    const [candidates = []] = entries
      .map(([argument]) => callsWith.get(argument) ?? [])
      .sort((a, b) => a.length - b.length);
    found.set(
      question,
      candidates.find((number) => placesOf(entries, calls[number]?.places ?? new Map()) !== undefined),
    );
  }
  const call = calls[found.get(question) ?? -1];
  const order = call && placesOf(entries, call.places);
  return call && order && authorOf(call.name, order, call.count);
}

function authorOf(name: string, inputs: readonly PlacedKey[], count: number): AuthorFunction {
  return {
    name,
    order: inputs.map(({ key }) => key),
    places: inputs.map(({ place }) => place),
    captures: count - inputs.length,
  };
}

/** The inputs of a node without control dependencies. */
function argumentsOf(inputs: readonly string[]): readonly string[] {
  return inputs.filter((input) => !input.startsWith("^"));
}

/** The signature with its inputs in this order. */
export function inOrder(signature: SignatureInfo, order: readonly string[]): SignatureInfo {
  const byKey = new Map(signature.inputs.map((input) => [input.key, input]));
  return { ...signature, inputs: order.flatMap((key) => byKey.get(key) ?? []) };
}

/** `x` and `x:0` are the same tensor. */
function withIndex(tensor: string): string {
  return /:\d+$/.test(tensor) ? tensor : `${tensor}:0`;
}

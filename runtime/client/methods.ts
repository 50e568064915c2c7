import type { Call } from "../call/call.js";
import { NamedInputs } from "../call/named-inputs.js";
import type { CallInput } from "../call/signature-call.js";
import type { Targets } from "../engine.js";
import { componentsOf, looseInputs } from "../saved-model/components.js";
import { InputMatcher } from "../saved-model/input-match.js";
import type { ModelSpec, SignatureSpec, TensorSpec } from "../saved-model/model-spec.js";
import type { SignatureInfo, TensorInfo } from "../saved-model/signature-info.js";

/** A signature that can be called, and is prepared by its first call. */
export interface Method {
  readonly inputs: readonly CallInput[];
  readonly outputs: readonly TensorInfo[];
  /** Property of each output, or undefined where the only output is returned as itself. */
  readonly properties: readonly string[] | undefined;
  /** Reads one object of all inputs, where the method of a client takes it. */
  readonly named?: NamedInputs | undefined;
  /** The same with the components of its ragged and sparse inputs, where the SignatureDef has keys for them. */
  readonly loose?: Method | undefined;
  call?: Call;
  /** Memory that the only result was written into, which was checked then: it has the dtype and shape for ever. */
  targets?: WeakMap<object, Targets>;
}

/** Signatures that can be called, by key: those of the client if there is one, else all of the model's. */
export function describeMethods(
  signatures: readonly SignatureInfo[],
  descriptor: ModelSpec | undefined,
): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  for (const { key, inputs, outputs, unsupported } of signatures) {
    const client = descriptor?.signatures.find((signature) => signature.key === key);
    if (unsupported !== undefined || (descriptor !== undefined && client === undefined)) continue;
    const properties = client?.outputs.map((output) => output.property ?? output.key);
    const matcher = new InputMatcher(inputs);
    const ordered = client?.inputs.flatMap((input) => toInput(input, matcher, descriptor?.examples));
    const method = {
      inputs: ordered ?? inputs,
      named: client === undefined ? undefined : namedInputs(client, ordered),
      outputs: client?.outputs.flatMap((output) => withBytes(withKey(outputs, output.key), output)) ?? outputs,
      properties: properties?.length === 1 ? undefined : properties,
    };
    methods.set(key, client === undefined ? { ...method, loose: withLooseInputs(method) } : method);
  }
  return methods;
}

/** Signatures of a client as its methods have them; those without a method are omitted. */
export function describeSignatures(
  signatures: readonly SignatureInfo[],
  methods: ReadonlyMap<string, Method>,
): readonly SignatureInfo[] {
  return signatures.flatMap(({ key, methodName }) => {
    const method = methods.get(key);
    return method === undefined
      ? []
      : [{ key, methodName, inputs: method.inputs.map(withExample), outputs: method.outputs }];
  });
}

/** Returns the reader of a client's inputs by name; undefined where the method takes them in order only. */
function namedInputs({ inputs }: SignatureSpec, found: readonly CallInput[] | undefined = []): NamedInputs | undefined {
  const names = inputs.flatMap(({ property }) => property ?? []);
  return names.length > 1 && names.length === found.length ? new NamedInputs(found, names) : undefined;
}

function withExample({ features, ...input }: CallInput): TensorInfo {
  if (features === undefined) return input;
  return { ...input, example: features.map(({ property: _, ...feature }) => feature) };
}

/** Returns the method that has inputs of these keys: the given one, or the one with loose inputs. */
export function methodFor(method: Method, keys: readonly string[]): Method {
  const { inputs, loose } = method;
  const hasLoose = loose?.inputs.some(({ key }) => keys.includes(key) && inputs.every((input) => input.key !== key));
  return loose !== undefined && hasLoose === true ? loose : method;
}

function withLooseInputs(method: Method): Method | undefined {
  const inputs = method.inputs.flatMap(looseInputs);
  return inputs.length === method.inputs.length ? undefined : { ...method, inputs };
}

/**
 * Returns the model's input that a client's argument means, under the client's key; undefined for one that the model
 * lacks.
 */
function toInput(known: TensorSpec, matcher: InputMatcher, examples: ModelSpec["examples"] = []): readonly CallInput[] {
  const { key, argument, encoding, parts, example, exampleRank } = known;
  const named = { key, ...(argument === undefined ? {} : { argument }) };
  const found = matcher.find(known).filter((input) => input !== undefined);
  if (encoding !== undefined && parts !== undefined) return [{ ...joined({ ...known, encoding }, found), ...named }];
  if (example === undefined) return found.map((input) => ({ ...input, ...named }));
  const rank = exampleRank === undefined ? {} : { exampleRank };
  return found.map((input) => ({ ...input, ...named, features: examples[example], ...rank }));
}

/** A value that the client puts together from several of the model's inputs. */
function joined(
  { key, dtype, shape, encoding, optional }: TensorSpec & Required<Pick<TensorSpec, "encoding">>,
  parts: readonly TensorInfo[],
): CallInput {
  const roles = componentsOf({ encoding, dtype, shape, count: parts.length });
  const components = parts.flatMap(({ optional: _, default: __, argument: ___, ...part }, index) => {
    const role = roles[index]?.role;
    return role === undefined ? [] : [{ ...part, role }];
  });
  return { key, dtype, shape, encoding, components, ...(optional === true ? { optional } : {}) };
}

/** The outputs that a client reads as bytes; a model is not asked for it. */
function withBytes(outputs: readonly TensorInfo[], { bytes }: TensorSpec): readonly TensorInfo[] {
  return bytes === true ? outputs.map((output) => ({ ...output, bytes })) : outputs;
}

function withKey(tensors: readonly TensorInfo[], key: string): readonly TensorInfo[] {
  return tensors.filter((tensor) => tensor.key === key);
}

/** Returns the only output as itself, several as an object. */
export function asResult({ properties }: Method, results: readonly unknown[]): unknown {
  return properties === undefined ? results[0] : toObject(properties, results);
}

/** Makes an own property for each name, hostile ones such as `__proto__` included. */
export function toObject<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] as T]));
}

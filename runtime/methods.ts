import type { Call } from "./call/call.js";
import type { CallInput } from "./call/prepared-call.js";
import { componentsOf } from "./composite.js";
import type { SignatureDescription, TensorDescription } from "./description.js";
import type { ModelDescriptor, TensorDescriptor } from "./descriptor.js";

/** A signature that can be called, and is made ready by its first call. */
export interface Method {
  readonly inputs: readonly CallInput[];
  readonly outputs: readonly TensorDescription[];
  /** The property of each output, or undefined where the only output is returned as itself. */
  readonly properties: readonly string[] | undefined;
  /** The same with the components of its ragged and sparse inputs, where the SignatureDef has keys for them. */
  readonly loose?: Method | undefined;
  call?: Call;
}

/** The signatures that can be called, by key: those of the client if there is one, else all of the model's. */
export function describeMethods(
  signatures: readonly SignatureDescription[],
  descriptor: ModelDescriptor | undefined,
): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  for (const { key, inputs, outputs, unsupported } of signatures) {
    const client = descriptor?.signatures.find((signature) => signature.key === key);
    if (unsupported !== undefined || (descriptor !== undefined && client === undefined)) continue;
    const properties = client?.outputs.map((output) => output.property ?? output.key);
    const ordered = client?.inputs.flatMap((input) => toInput(input, inputs, descriptor?.examples));
    const method = {
      inputs: ordered ?? inputs,
      outputs: client?.outputs.flatMap((output) => withKey(outputs, output.key)) ?? outputs,
      properties: properties?.length === 1 ? undefined : properties,
    };
    methods.set(key, client === undefined ? { ...method, loose: withLooseInputs(method) } : method);
  }
  return methods;
}

/** The signatures of a client as its methods have them; those that it has no method for are left out. */
export function describeSignatures(
  signatures: readonly SignatureDescription[],
  methods: ReadonlyMap<string, Method>,
): readonly SignatureDescription[] {
  return signatures.flatMap(({ key, methodName }) => {
    const method = methods.get(key);
    return method === undefined
      ? []
      : [{ key, methodName, inputs: method.inputs.map(withExample), outputs: method.outputs }];
  });
}

function withExample({ features, ...input }: CallInput): TensorDescription {
  if (features === undefined) return input;
  return { ...input, example: features.map(({ property: _, ...feature }) => feature) };
}

/** The method that has inputs of these keys: the one itself, or the one with loose inputs. */
export function methodFor(method: Method, keys: readonly string[]): Method {
  const { inputs, loose } = method;
  const hasLoose = loose?.inputs.some(({ key }) => keys.includes(key) && inputs.every((input) => input.key !== key));
  return loose !== undefined && hasLoose === true ? loose : method;
}

function withLooseInputs(method: Method): Method | undefined {
  const inputs = method.inputs.flatMap(({ optional, ...input }): readonly CallInput[] => {
    const isOptional = optional === true ? { optional } : {};
    const parts = (input.components ?? []).flatMap(({ role: _, key, ...part }) =>
      key === undefined ? [] : [{ ...part, key, ...isOptional }],
    );
    return parts.length > 0 ? parts : [{ ...input, ...isOptional }];
  });
  return inputs.length === method.inputs.length ? undefined : { ...method, inputs };
}

/** The model's input that a client's argument means; nothing for one that the model does not have. */
function toInput(
  known: TensorDescriptor,
  inputs: readonly TensorDescription[],
  examples: ModelDescriptor["examples"] = [],
): readonly CallInput[] {
  const { key, encoding, parts, example, exampleRank } = known;
  if (encoding !== undefined && parts !== undefined) return [joined({ ...known, encoding, parts }, inputs)];
  const found = withKey(inputs, key);
  if (example === undefined) return found;
  const rank = exampleRank === undefined ? {} : { exampleRank };
  return found.map((input) => ({ ...input, features: examples[example], ...rank }));
}

/** A value that the client puts together from several of the model's inputs. */
function joined(
  {
    key,
    dtype,
    shape,
    encoding,
    parts,
    optional,
  }: TensorDescriptor & Required<Pick<TensorDescriptor, "encoding" | "parts">>,
  inputs: readonly TensorDescription[],
): CallInput {
  const components = componentsOf({ encoding, dtype, shape, count: parts.length }).flatMap(({ role }, index) =>
    withKey(inputs, parts[index]?.key ?? "").map(({ optional: _, default: __, ...part }) => ({ ...part, role })),
  );
  return { key, dtype, shape, encoding, components, ...(optional === true ? { optional } : {}) };
}

function withKey(tensors: readonly TensorDescription[], key: string): readonly TensorDescription[] {
  return tensors.filter((tensor) => tensor.key === key);
}

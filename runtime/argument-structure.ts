import { type CompositeType, readTypeSpec } from "./composite.js";
import { decode, type Message } from "./proto/decode.js";
import { compareCodeUnits } from "./text.js";

type Structure = Message<"StructuredValue">;

/** One tensor among the arguments of a Python function, nested structures opened. */
export interface ArgumentLeaf {
  /** The author's name for it; empty where there is none. */
  readonly name: string;
  /** What it is, if it is not a dense tensor. */
  readonly composite?: CompositeType;
}

/** Finds the tensors that a function of the library takes, in its own order; nothing for a function that is not listed. */
export type ArgumentReader = (functionName: string) => readonly ArgumentLeaf[] | undefined;

/**
 * Reads the structures of arguments that `tf.function` notes in the object graph (SavedConcreteFunction's
 * `canonicalized_input_signature`), which tell a ragged or sparse tensor from the loose components in a SignatureDef.
 */
export function argumentReader(objectGraph: Uint8Array): ArgumentReader {
  let functions: ReadonlyMap<string, Uint8Array> | undefined;
  return (name) => {
    functions ??= new Map(
      decode("ConcreteFunctions", objectGraph).concreteFunctions.map(({ key, value }) => [
        key,
        value?.canonicalizedInputSignature ?? new Uint8Array(),
      ]),
    );
    const bytes = functions.get(name);
    return bytes === undefined || bytes.length === 0 ? undefined : leavesOf(decode("StructuredValue", bytes));
  };
}

/** In the order of `tf.nest.flatten`: sequences by position, dicts by key. Whatever is not a tensor is no input. */
function leavesOf(structure: Structure, path: readonly string[] = []): readonly ArgumentLeaf[] {
  const { tensorSpecValue, boundedTensorSpecValue, typeSpecValue } = structure;
  const spec = tensorSpecValue ?? boundedTensorSpecValue;
  if (spec !== null) return [{ name: spec.name }];
  if (typeSpecValue !== null) {
    const composite = readTypeSpec(typeSpecValue);
    const name = path.join("_");
    if (composite !== undefined) return [{ name, composite }];
    return Array.from({ length: typeSpecValue.numFlatComponents }, () => ({ name: "" }));
  }
  const values = structure.listValue?.values ?? structure.tupleValue?.values;
  if (values !== undefined) return values.flatMap((value) => leavesOf(value));
  const fields = structure.dictValue?.fields ?? structure.namedTupleValue?.values ?? [];
  const ordered = structure.dictValue === null ? fields : [...fields].sort((a, b) => compareCodeUnits(a.key, b.key));
  return ordered.flatMap(({ key, value }) => (value === null ? [] : leavesOf(value, [...path, key])));
}

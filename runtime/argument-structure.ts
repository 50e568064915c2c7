import { type CompositeType, readTypeSpec } from "./composite.js";
import { decode, type Message } from "./proto/decode.js";
import { compareCodeUnits } from "./text.js";

type Structure = Message<"StructuredValue">;

/** Longer names help nobody, and each of many leaves could have one that is as long as the file. */
const LONGEST_NAME = 1000;

/** One tensor among the arguments of a Python function, nested structures opened; or several of which nothing is known. */
export interface ArgumentLeaf {
  /** The author's name for it; empty where there is none. */
  readonly name: string;
  /** What it is, if it is not a dense tensor. */
  readonly composite?: CompositeType;
  /** How many such leaves stand here in a row, where it is more than one; as many as the file says. */
  readonly times?: number;
}

/** Finds the tensors that a function of the library takes, in its own order; nothing for a function that is not listed. */
export type ArgumentReader = (functionName: string) => readonly ArgumentLeaf[] | undefined;

/**
 * Reads the structures of arguments that `tf.function` notes in the object graph (SavedConcreteFunction's
 * `canonicalized_input_signature`), which tell a ragged or sparse tensor from the loose components in a SignatureDef.
 */
export function argumentReader(objectGraph: Uint8Array): ArgumentReader {
  let functions: ReadonlyMap<string, Uint8Array> | undefined;
  // Several signatures may share a function.
  const known = new Map<string, readonly ArgumentLeaf[] | undefined>();
  return (name) => {
    functions ??= new Map(
      decode("ConcreteFunctions", objectGraph).concreteFunctions.map(({ key, value }) => [
        key,
        value?.canonicalizedInputSignature ?? new Uint8Array(),
      ]),
    );
    if (!known.has(name)) {
      const bytes = functions.get(name);
      known.set(
        name,
        bytes === undefined || bytes.length === 0 ? undefined : leavesOf(decode("StructuredValue", bytes)),
      );
    }
    return known.get(name);
  };
}

function leavesOf(structure: Structure): readonly ArgumentLeaf[] {
  const leaves: ArgumentLeaf[] = [];
  addLeaves(structure, "", leaves);
  return leaves;
}

/** In the order of `tf.nest.flatten`: sequences by position, dicts by key. Whatever is not a tensor is no input. */
function addLeaves(structure: Structure, path: string, leaves: ArgumentLeaf[]): void {
  const { tensorSpecValue, boundedTensorSpecValue, typeSpecValue } = structure;
  const spec = tensorSpecValue ?? boundedTensorSpecValue;
  if (spec !== null) {
    leaves.push({ name: spec.name });
    return;
  }
  if (typeSpecValue !== null) {
    const composite = readTypeSpec(typeSpecValue);
    const times = typeSpecValue.numFlatComponents;
    if (composite !== undefined) leaves.push({ name: path, composite });
    else if (times > 0) leaves.push({ name: "", times });
    return;
  }
  const values = structure.listValue?.values ?? structure.tupleValue?.values;
  if (values !== undefined) {
    for (const value of values) addLeaves(value, "", leaves);
    return;
  }
  const fields = structure.dictValue?.fields ?? structure.namedTupleValue?.values ?? [];
  const ordered = structure.dictValue === null ? fields : [...fields].sort((a, b) => compareCodeUnits(a.key, b.key));
  for (const { key, value } of ordered) {
    const below = path === "" ? key : `${path}_${key}`;
    if (value !== null) addLeaves(value, below.slice(0, LONGEST_NAME), leaves);
  }
}

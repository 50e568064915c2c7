import { compareCodeUnits } from "../../base/text.js";
import type { CompositeType } from "../components.js";
import { readTypeSpec } from "../composite-spec.js";
import { decode, type Message } from "../proto/decode.js";

type Structure = Message<"StructuredValue">;

/** One tensor among the arguments of a Python function, nested structures opened; or several of which nothing is known. */
export interface ArgumentLeaf {
  /** Name of the Python argument that it is in. */
  readonly root: string;
  /** Accessors from the argument to the tensor: keys of dicts, fields of named tuples, indices. Empty for the argument itself. */
  readonly path: readonly Accessor[];
  /** Name in its TensorSpec, given by the author or derived by TensorFlow; empty where there is none. */
  readonly specName: string;
  /** Type of the argument, if it is not a dense tensor. */
  readonly composite?: CompositeType;
  /** Number of such leaves in a row here, if more than one; as the file says. */
  readonly times?: number;
}

/** One step from a structure to an item of it. */
export type Accessor =
  | { readonly kind: "key" | "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number };

/** Arguments of a function of the library. */
interface FunctionArguments {
  /** In the order in which the function takes them. */
  readonly leaves: readonly ArgumentLeaf[];
  /** Number of variables and constants that the function takes besides. */
  readonly captures: number;
}

/** Finds the arguments of functions by name. */
export interface ArgumentReader {
  /** The arguments of this very function, if the object graph lists it. */
  exact(functionName: string): FunctionArguments | undefined;
  /** The arguments of functions of the same Python function, whose names differ in the number at their end. */
  twins(functionName: string): readonly FunctionArguments[];
}

/** Functions of one Python function that are considered, however many a file lists. */
const MAX_TWINS = 64;

/** Reads the arguments of functions from the object graph, where `tf.function` notes their structures. */
export function argumentReader(objectGraph: Uint8Array): ArgumentReader {
  let library: Library | undefined;
  const open = (): Library => {
    library ??= new Library(objectGraph);
    return library;
  };
  return {
    exact: (name) => open().argumentsOf(name),
    twins: (name) => open().twinsOf(name),
  };
}

/** The functions that an object graph lists, decoded one by one as they are asked for. */
class Library {
  readonly #functions: ReadonlyMap<string, Message<"SavedConcreteFunction">>;
  readonly #specs: Map<string, Message<"FunctionSpec">> = new Map();
  readonly #byPrefix: Map<string, string[]> = new Map();
  readonly #decoded: Map<string, FunctionArguments | undefined> = new Map();

  constructor(objectGraph: Uint8Array) {
    const { nodes, concreteFunctions } = decode("ConcreteFunctions", objectGraph);
    this.#functions = new Map(concreteFunctions.flatMap(({ key, value }) => (value === null ? [] : [[key, value]])));
    for (const name of this.#functions.keys()) {
      const prefix = prefixOf(name);
      const known = this.#byPrefix.get(prefix);
      if (known === undefined) this.#byPrefix.set(prefix, [name]);
      else known.push(name);
    }
    for (const { function: polymorphic } of nodes) {
      const spec = polymorphic?.functionSpec;
      if (spec) for (const name of polymorphic.concreteFunctions) this.#specs.set(name, spec);
    }
    // The spec of a single concrete function also names variadic arguments.
    for (const { bareConcreteFunction: bare } of nodes) {
      if (bare?.functionSpec) this.#specs.set(bare.concreteFunctionName, bare.functionSpec);
    }
  }

  argumentsOf(name: string): FunctionArguments | undefined {
    if (!this.#decoded.has(name)) this.#decoded.set(name, this.#decode(name));
    return this.#decoded.get(name);
  }

  twinsOf(name: string): readonly FunctionArguments[] {
    const names = this.#byPrefix.get(prefixOf(name)) ?? [];
    if (names.length > MAX_TWINS) return [];
    return names.flatMap((twin) => this.argumentsOf(twin) ?? []);
  }

  #decode(name: string): FunctionArguments | undefined {
    const found = this.#functions.get(name);
    const bytes = found?.canonicalizedInputSignature;
    if (found === undefined || bytes === undefined || bytes.length === 0) return undefined;
    const leaves = readLeaves(decode("StructuredValue", bytes), readArgumentNames(this.#specs.get(name)));
    return { leaves, captures: found.boundInputs.length };
  }
}

/** `__inference_train_12` → `__inference_train` */
function prefixOf(functionName: string): string {
  return functionName.replace(/_\d+$/, "");
}

/** The names of positional arguments in a `FullArgSpec`, without `self`; no names where there is none. */
function readArgumentNames(spec: Message<"FunctionSpec"> | undefined): readonly string[] {
  if (spec === undefined || spec.fullargspec.length === 0) return [];
  const fields = decode("StructuredValue", spec.fullargspec).namedTupleValue?.values ?? [];
  const args = fields.find(({ key }) => key === "args")?.value?.listValue?.values ?? [];
  return args.slice(spec.isMethod ? 1 : 0).map(({ stringValue }) => stringValue);
}

/** The tensors of `(positional arguments, keyword arguments)`. */
function readLeaves(structure: Structure, names: readonly string[]): readonly ArgumentLeaf[] {
  const [positional, keyword] = structure.tupleValue?.values ?? [];
  const args = positional?.tupleValue?.values ?? positional?.listValue?.values;
  if (args === undefined || structure.tupleValue?.values.length !== 2 || keyword?.dictValue == null) {
    return leavesOf(structure, "args_0", []);
  }
  return [
    ...args.flatMap((value, index) => leavesOf(value, names[index] || `args_${index}`, [])),
    ...sortedFields(keyword.dictValue.fields).flatMap(({ key, value }) =>
      value === null ? [] : leavesOf(value, key, []),
    ),
  ];
}

/** In the order of `tf.nest.flatten`: sequences by position, dicts by key. Whatever is not a tensor is not an input. */
function leavesOf(structure: Structure, root: string, path: readonly Accessor[]): readonly ArgumentLeaf[] {
  const { tensorSpecValue, boundedTensorSpecValue, typeSpecValue } = structure;
  const spec = tensorSpecValue ?? boundedTensorSpecValue;
  if (spec !== null) return [{ root, path, specName: spec.name }];
  if (typeSpecValue !== null) {
    const composite = readTypeSpec(typeSpecValue);
    if (composite !== undefined) return [{ root, path, specName: "", composite }];
    // The components of a type that is not known count as tensors without a name.
    const times = typeSpecValue.numFlatComponents;
    return times > 0 ? [{ root, path: [...path, { kind: "index", index: 0 }], specName: "", times }] : [];
  }
  const values = structure.listValue?.values ?? structure.tupleValue?.values;
  if (values !== undefined) {
    return values.flatMap((value, index) => leavesOf(value, root, [...path, { kind: "index", index }]));
  }
  const [kind, fields] =
    structure.dictValue === null
      ? (["field", structure.namedTupleValue?.values ?? []] as const)
      : (["key", sortedFields(structure.dictValue.fields)] as const);
  return fields.flatMap(({ key, value }) =>
    value === null ? [] : leavesOf(value, root, [...path, { kind, name: key }]),
  );
}

function sortedFields(fields: readonly Message<"StructuredField">[]): readonly Message<"StructuredField">[] {
  return [...fields].sort((a, b) => compareCodeUnits(a.key, b.key));
}

import { basename, dirname, resolve } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { itemAt } from "../../runtime/base/item-at.js";
import { listSome, quote } from "../../runtime/base/text.js";
import { canTakeNames, objectForm } from "../../runtime/call/named-inputs.js";
import { describeOp } from "../../runtime/saved-model/graph/op-packages.js";
import type { ModelInfo } from "../../runtime/saved-model/model-info.js";
import type { SignatureInfo, TensorInfo } from "../../runtime/saved-model/signature-info.js";
import { type DType, isDType } from "../../runtime/tensor/dtype.js";
import type { ShapeSpec } from "../../runtime/tensor/shape.js";
import { identifier, isIdentifier } from "./escape.js";
import { fileNameOf } from "./file-name.js";
import { ExampleTable, type NamedExample, type NamedFeature } from "./name-examples.js";
import { InterfaceNames } from "./name-interfaces.js";
import { NameTable, withoutCommonPart } from "./names.js";

/** An entry of a SignatureDef that is a component of a ragged or sparse argument. */
export interface NamedPart {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: ShapeSpec;
}

/** An input or output of a method, with its name in the generated code. */
export interface NamedTensor extends TensorInfo {
  /** Supported by the runtime: see {@link SignatureInfo.unsupported}. */
  readonly dtype: DType;
  readonly name: string;
  readonly form: "dense" | "ragged" | "sparse";
  /** Its components, if these are separate entries; else empty. */
  readonly parts: readonly NamedPart[];
  /** The name of the interface of its items, if they are serialized examples. */
  readonly exampleType?: string;
  /** The properties of that interface. */
  readonly exampleFeatures?: readonly NamedFeature[];
}

/** A method of the generated class. */
export interface NamedSignature {
  readonly key: string;
  readonly methodName: string;
  readonly method: string;
  /** Reason why the method's name differs from what its key suggests, if it does: `save is reserved`. */
  readonly methodReason: string | undefined;
  readonly inputs: readonly NamedTensor[];
  /** The name of the interface of its inputs, if it also accepts them in one object. */
  readonly inputsType: string | undefined;
  readonly outputs: readonly NamedTensor[];
  /** The name of the interface of its outputs, if there are several. */
  readonly outputsType: string | undefined;
  /** The names of the interfaces of the objects that the function of a fake client receives and returns. */
  readonly fakeInputsType: string | undefined;
  readonly fakeOutputsType: string | undefined;
  /** The replacement for a deprecated method; may be empty. */
  readonly deprecated: string | undefined;
  /** True if the order of its inputs is not the author's. */
  readonly unordered: boolean;
  /** True if calls change variables; undefined if unknown. */
  readonly writes: boolean | undefined;
}

/** A described model with an identifier for everything that is emitted. */
export interface NamedModel {
  /** Kind of the server that described the model, `TensorFlow Serving`; undefined for a model in a folder. */
  readonly server?: string;
  readonly description: ModelInfo;
  readonly className: string;
  /** The name of the interface of its methods as promises, if it has methods. */
  readonly asyncType: string | undefined;
  /** The name of the interface of the functions of a fake client, if it has methods. */
  readonly fakesType: string | undefined;
  /** Without a folder: `custom-model.ts`. */
  readonly fileName: string;
  readonly signatures: readonly NamedSignature[];
  /** Libraries of custom operations that the client loads by default. */
  readonly opLibraries: readonly string[];
  /** Contents of the inputs of serialized examples. */
  readonly examples: readonly NamedExample[];
  /** Sentences about renamed and omitted names. */
  readonly notes: readonly string[];
}

/** Smallest number of inputs that may be passed by name: by then nobody remembers their order. */
const FEWEST_NAMED = 5;

/** Largest number of omitted signatures that are noted; nobody reads more. */
const MOST_NOTED = 100;

/**
 * Names every construct of the generated file. The same description always gets the same names.
 *
 * @param className the name of the class; by default made from the folder's name
 * @param deprecated the replacements for deprecated signatures, by their keys
 * @param opLibraries libraries of custom operations that the client loads by default
 * @throws SavedModelError `INVALID_OPTION` when `className` is not an identifier, or is reserved
 */
export function nameModel(
  description: ModelInfo,
  className?: string,
  deprecated: ReadonlyMap<string, string> = new Map(),
  opLibraries: readonly string[] = [],
): NamedModel {
  const notes: string[] = [];
  const types = new NameTable("type", "SavedModelClient", notes);
  const name = className === undefined ? types.claim(modelName(description.directory)) : claimClass(className, types);
  const supported: SignatureInfo[] = [];
  let leftOut = 0;
  for (const signature of description.signatures) {
    for (const note of signature.notes ?? [])
      notes.push(`signature ${quote(signature.key)} contradicts its graph: ${note}`);
    if (signature.unsupported === undefined) supported.push(signature);
    else if (leftOut++ < MOST_NOTED)
      notes.push(`signature ${quote(signature.key)} is omitted: ${signature.unsupported}`);
  }
  if (leftOut > MOST_NOTED) notes.push(`${leftOut - MOST_NOTED} more signatures are omitted`);
  const typeBeside = (role: string) =>
    supported.length === 0 ? undefined : identifier(types.claim(`${name}_${role}`));
  const asyncType = typeBeside("async");
  const fakesType = typeBeside("fakes");
  const methodNames = new NameTable("method", "signature", notes);
  const methods = methodNames.claimAll(supported.map(({ key }) => key));
  const named = supported.map((signature, index) => nameSignature(signature, itemAt(methods, index), notes));
  const examples = nameExamples(named, types, name, notes);
  const typed = nameInterfaces(
    named.map((signature) => ({ ...signature, inputs: withExamples(signature.inputs, examples) })),
    types,
    name,
  );
  const signatures = nameFakes(typed, types).map((signature) => ({
    ...signature,
    methodReason: methodNames.reasonFor(signature.method),
    deprecated: deprecated.get(signature.key),
  }));
  const { unknownOperations: unknown, operationsWithoutKernel: lacking } = description;
  if (unknown.length > 0 && opLibraries.length === 0) {
    const list = listSome(unknown, describeOp);
    notes.push(`TensorFlow does not have the operations ${list}: load the model with opLibraries`);
  }
  if (lacking.length > 0) {
    const list = listSome(lacking);
    notes.push(`TensorFlow has no kernel on a CPU for ${list}: calls that reach one of them fail`);
  }
  const fileName = fileNameOf(name, notes);
  return {
    description,
    className: identifier(name),
    asyncType,
    fakesType,
    fileName,
    signatures,
    opLibraries,
    examples: examples.all,
    notes,
  };
}

/** Claims the class name that the user chose: unchanged, or not at all. */
function claimClass(className: string, types: NameTable): string {
  if (typeof className === "string" && isIdentifier(className) && types.claimExactly(className)) return className;
  throw new SavedModelError("INVALID_OPTION", `${quote(`${className}`)} cannot name the class`, {
    fix: "Choose an identifier that is neither a reserved word nor a name that the generated file imports.",
  });
}

/** A signature whose interfaces have no names yet. */
type PlainSignature = Omit<
  NamedSignature,
  "methodReason" | "inputsType" | "outputsType" | "fakeInputsType" | "fakeOutputsType" | "deprecated"
>;

function nameSignature(
  { key, methodName, inputs, outputs, unordered, writes }: SignatureInfo,
  method: string,
  notes: string[],
): PlainSignature {
  return {
    key,
    methodName,
    method: identifier(method),
    inputs: nameTensors(inputs, new NameTable("parameter", "input", notes, key)),
    outputs: nameTensors(outputs, new NameTable("property", "output", notes, key)),
    unordered: unordered === true,
    writes,
  };
}

/** Names the interfaces of inputs and of outputs; equal ones are merged. */
function nameInterfaces(
  signatures: readonly PlainSignature[],
  types: NameTable,
  className: string,
): readonly Omit<NamedSignature, "deprecated" | "methodReason" | "fakeInputsType" | "fakeOutputsType">[] {
  const inputs = new InterfaceNames();
  const outputs = new InterfaceNames();
  const contents = signatures.map((signature) => {
    const { key, method } = signature;
    const named = takesNames(signature) ? contentOf(signature.inputs) : undefined;
    const several = signature.outputs.length > 1 ? contentOf(signature.outputs) : undefined;
    if (named !== undefined) inputs.use(named, key, `${method}_inputs`);
    if (several !== undefined) outputs.use(several, key, `${method}_outputs`);
    return { named, several };
  });
  inputs.claimAll(types, `${className}_inputs`);
  outputs.claimAll(types, `${className}_outputs`);
  return signatures.map((signature, index) => ({
    ...signature,
    inputsType: inputs.nameOf(contents[index]?.named),
    outputsType: outputs.nameOf(contents[index]?.several),
  }));
}

/** Names the interfaces of what the functions of a fake client receive and return, beside those of the methods. */
function nameFakes<Named extends Pick<NamedSignature, "inputsType" | "outputsType" | "outputs">>(
  signatures: readonly Named[],
  types: NameTable,
): readonly (Named & Pick<NamedSignature, "fakeInputsType" | "fakeOutputsType">)[] {
  const names = new Map<string, string>();
  const nameBeside = (type: string | undefined): string | undefined => {
    if (type === undefined) return undefined;
    const name = names.get(type) ?? identifier(types.claim(`fake_${type}`));
    names.set(type, name);
    return name;
  };
  return signatures.map((signature) => {
    const { inputsType, outputsType, outputs } = signature;
    // Scalars are returned directly, so that the method's own interface is the same; a bigint may be a number, too.
    const isPlain = outputs.every(
      ({ dtype, shape, form }) => shape?.length === 0 && form === "dense" && dtype !== "int64" && dtype !== "uint64",
    );
    return {
      ...signature,
      fakeInputsType: nameBeside(inputsType),
      fakeOutputsType: isPlain ? outputsType : nameBeside(outputsType),
    };
  });
}

/** Returns whether a method takes its inputs by name: when there are many, or their order has no meaning. */
function takesNames({ inputs, unordered }: PlainSignature): boolean {
  const [first] = inputs;
  if (first === undefined || (inputs.length < FEWEST_NAMED && !unordered)) return false;
  const names = new Map(inputs.map(({ name, optional }) => [name, optional !== true]));
  const features = first.exampleFeatures?.map(({ name, optional }) => [name, optional !== true] as const);
  return canTakeNames(names, objectForm(first, features && new Map(features)));
}

/** Returns the content of an interface of these properties, comments included. */
function contentOf(tensors: readonly NamedTensor[]): string {
  return JSON.stringify(
    tensors.map(({ tensor: _, components: __, example: ___, parts: ____, exampleFeatures: _____, ...rest }) => rest),
  );
}

function nameTensors(tensors: readonly TensorInfo[], table: NameTable): readonly NamedTensor[] {
  const names = table.claimAll(withoutCommonPart(rawNames(tensors)));
  return tensors.map((tensor, index) => {
    const { encoding = "dense", components = [] } = tensor;
    if (encoding === "composite") throw new TypeError("composite tensors are not supported");
    return {
      ...tensor,
      dtype: carried(tensor.dtype),
      name: identifier(itemAt(names, index)),
      form: encoding,
      parts: components.flatMap(({ key, dtype, shape }) =>
        key === undefined ? [] : [{ key, dtype: carried(dtype), shape }],
      ),
    };
  });
}

/**
 * Returns the names that tensors are named after: the author's. Equal ones are told apart by the author's expressions
 * (`x["age"]` and `z["age"]` beside `age`), else by their keys.
 */
function rawNames(tensors: readonly TensorInfo[]): readonly string[] {
  const names = tensors.map(({ key, name }) => name ?? key);
  const seen = new Set<string>();
  const repeated = new Set(names.filter((name) => seen.size === seen.add(name).size));
  const long = tensors.map(({ key, argument = key, name = key }) => (repeated.has(name) ? argument : name));
  return new Set(long).size === long.length ? long : tensors.map(({ key }) => key);
}

/** Narrows a dtype that the signature was found to support. */
function carried(dtype: string): DType {
  if (isDType(dtype)) return dtype;
  throw new TypeError(`dtype ${dtype} is not supported`);
}

/** Names the interfaces of the examples that signatures take. */
function nameExamples(
  signatures: readonly PlainSignature[],
  types: NameTable,
  className: string,
  notes: string[],
): ExampleTable {
  const examples = new ExampleTable();
  for (const { key, method, inputs } of signatures) {
    const several = inputs.filter(({ example }) => example !== undefined).length > 1;
    for (const { key: input, example } of inputs) {
      if (example !== undefined)
        examples.use(example, key, several ? `${method}_${input}_example` : `${method}_example`);
    }
  }
  examples.claimAll(types, `${className}_example`, notes);
  return examples;
}

function withExamples(inputs: readonly NamedTensor[], examples: ExampleTable): readonly NamedTensor[] {
  return inputs.map((input) => {
    const found = input.example && examples.find(input.example);
    if (found === undefined) return input;
    return { ...input, exampleType: found.type, exampleFeatures: found.features };
  });
}

/** Returns the name of the folder; for a version number, as TensorFlow Serving uses it, that of its parent. */
function modelName(directory: string): string {
  const folder = resolve(directory);
  return /^\d+$/.test(basename(folder)) ? basename(dirname(folder)) : basename(folder);
}

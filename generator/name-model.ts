import { basename, dirname, resolve } from "node:path";
import type { SignatureDescription, TensorDescription } from "../runtime/description.js";
import { type DType, isDType } from "../runtime/dtype.js";
import { SavedModelError } from "../runtime/errors.js";
import { describeOp } from "../runtime/op-packages.js";
import type { ShapeSpec } from "../runtime/shape.js";
import { listSome, quote } from "../runtime/text.js";
import type { ModelDescription } from "./description.js";
import { identifier, isIdentifier } from "./escape.js";
import { fileNameOf } from "./file-name.js";
import { ExampleTable, type NamedExample } from "./name-examples.js";
import { NameTable } from "./names.js";

/** An entry of a SignatureDef that a ragged or sparse argument is made of. */
export interface NamedPart {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: ShapeSpec;
}

/** An input or output of a method, with the name that it has in the generated code. */
export interface NamedTensor extends TensorDescription {
  /** The runtime carries it: see {@link SignatureDescription.unsupported}. */
  readonly dtype: DType;
  readonly name: string;
  readonly form: "dense" | "ragged" | "sparse";
  /** What it is made of, where these are entries of their own; else empty. */
  readonly parts: readonly NamedPart[];
  /** The name of the interface of its items, where they are serialised examples. */
  readonly exampleType?: string;
}

/** A method of the generated class. */
export interface NamedSignature {
  readonly key: string;
  readonly methodName: string;
  readonly method: string;
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
  /** The name of the interface of its outputs, where there are several. */
  readonly outputsType: string | undefined;
  /** What to do instead of calling it, where it is not to be called any more; may be empty. */
  readonly deprecated: string | undefined;
}

/** A described model with an identifier for everything that is emitted. */
export interface NamedModel {
  readonly description: ModelDescription;
  readonly className: string;
  /** The name of the interface of its methods as promises, if it has methods. */
  readonly asyncType: string | undefined;
  /** The name of the interface of the functions of a fake client, if it has methods. */
  readonly fakesType: string | undefined;
  /** Without a folder: `custom-model.ts`. */
  readonly fileName: string;
  readonly signatures: readonly NamedSignature[];
  /** What inputs of serialised examples hold. */
  readonly examples: readonly NamedExample[];
  /** Sentences on what was renamed or left out. */
  readonly notes: readonly string[];
}

/** More signatures that are left out than anybody reads of. */
const MOST_NOTED = 100;

/**
 * Gives every construct of the generated file its name. The same description gets the same names every time.
 *
 * @param className the name of the class, if it is not to be made of the folder's
 * @param deprecated what to do instead of calling some signatures, by their keys
 * @throws SavedModelError `INVALID_OPTION` when `className` is no identifier, or a reserved one
 */
export function nameModel(
  description: ModelDescription,
  className?: string,
  deprecated: ReadonlyMap<string, string> = new Map(),
): NamedModel {
  const notes: string[] = [];
  const types = new NameTable("type", "SavedModelClient", notes);
  const name = className === undefined ? types.claim(modelName(description.directory)) : claimClass(className, types);
  const supported: SignatureDescription[] = [];
  let leftOut = 0;
  for (const signature of description.signatures) {
    for (const note of signature.notes ?? [])
      notes.push(`signature ${quote(signature.key)} contradicts its graph: ${note}`);
    if (signature.unsupported === undefined) supported.push(signature);
    else if (leftOut++ < MOST_NOTED)
      notes.push(`signature ${quote(signature.key)} is left out: ${signature.unsupported}`);
  }
  if (leftOut > MOST_NOTED) notes.push(`${leftOut - MOST_NOTED} more signatures are left out`);
  const typeBeside = (role: string) =>
    supported.length === 0 ? undefined : identifier(types.claim(`${name}_${role}`));
  const asyncType = typeBeside("async");
  const fakesType = typeBeside("fakes");
  const methods = new NameTable("method", "signature", notes).claimAll(supported.map(({ key }) => key));
  const examples = new ExampleTable(types, notes);
  const signatures = supported.map((signature, index) => {
    const named = nameSignature(signature, methods[index] ?? "", types, notes);
    return { ...named, inputs: nameExamples(named, examples), deprecated: deprecated.get(signature.key) };
  });
  const { unknownOperations: unknown, operationsWithoutKernel: lacking } = description;
  if (unknown.length > 0) {
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
    examples: examples.all,
    notes,
  };
}

/** The name that the user chose: as it is, or not at all. */
function claimClass(className: string, types: NameTable): string {
  if (typeof className === "string" && isIdentifier(className) && types.claimExactly(className)) return className;
  throw new SavedModelError("INVALID_OPTION", `${quote(`${className}`)} cannot name the class`, {
    fix: "Choose an identifier that is no reserved word and no name that the generated file imports.",
  });
}

function nameSignature(
  { key, methodName, inputs, outputs }: SignatureDescription,
  method: string,
  types: NameTable,
  notes: string[],
): Omit<NamedSignature, "deprecated"> {
  return {
    key,
    methodName,
    method: identifier(method),
    inputs: nameTensors(inputs, new NameTable("parameter", "input", notes, key)),
    outputs: nameTensors(outputs, new NameTable("property", "output", notes, key)),
    outputsType: outputs.length > 1 ? identifier(types.claim(`${method}_outputs`)) : undefined,
  };
}

function nameTensors(tensors: readonly TensorDescription[], table: NameTable): readonly NamedTensor[] {
  const names = table.claimAll(rawNames(tensors));
  return tensors.map((tensor, index) => {
    const { encoding = "dense", components = [] } = tensor;
    if (encoding === "composite") throw new TypeError("a composite tensor cannot be carried");
    return {
      ...tensor,
      dtype: carried(tensor.dtype),
      name: identifier(names[index] ?? ""),
      form: encoding,
      parts: components.flatMap(({ key, dtype, shape }) =>
        key === undefined ? [] : [{ key, dtype: carried(dtype), shape }],
      ),
    };
  });
}

/**
 * What tensors are named after: the author's names. Of several with the same one, the author's expressions (`x["age"]` and
 * `z["age"]` beside `age`), and the keys where these do not tell them apart.
 */
function rawNames(tensors: readonly TensorDescription[]): readonly string[] {
  const names = tensors.map(({ key, name }) => name ?? key);
  const seen = new Set<string>();
  const repeated = new Set(names.filter((name) => seen.size === seen.add(name).size));
  const long = tensors.map(({ key, argument = key, name = key }) => (repeated.has(name) ? argument : name));
  return new Set(long).size === long.length ? long : tensors.map(({ key }) => key);
}

/** A dtype that the signature was found to be supported for. */
function carried(dtype: string): DType {
  if (isDType(dtype)) return dtype;
  throw new TypeError(`dtype ${dtype} cannot be carried`);
}

/** The inputs with the interfaces of their examples, which are named after the first method that takes them. */
function nameExamples(
  { method, inputs }: Pick<NamedSignature, "method" | "inputs">,
  examples: ExampleTable,
): readonly NamedTensor[] {
  const several = inputs.filter(({ example }) => example !== undefined).length > 1;
  return inputs.map((input) => {
    if (input.example === undefined) return input;
    const raw = several ? `${method}_${input.key}_example` : `${method}_example`;
    return { ...input, exampleType: examples.claim(raw, input.example).type };
  });
}

/** The name of the folder; above a version number, as TensorFlow Serving has it, that of the folder around it. */
function modelName(directory: string): string {
  const folder = resolve(directory);
  return /^\d+$/.test(basename(folder)) ? basename(dirname(folder)) : basename(folder);
}

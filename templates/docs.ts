import type { JSDocStructure, OptionalKind } from "ts-morph";
import { docCode, docText } from "../generator/client/escape.js";
import type { NamedModel, NamedSignature, NamedTensor } from "../generator/client/name-model.js";
import type { ModelInfo } from "../runtime/saved-model/model-info.js";
import type { DefaultValue } from "../runtime/saved-model/signature-info.js";
import { formatShape } from "../runtime/tensor/shape.js";
import { isTarget } from "./types.js";

/** Returns the comment of the generated class. */
export function classDocs({ description, server, signatures }: NamedModel): OptionalKind<JSDocStructure> {
  const { directory, tags, tensorflowVersion } = description;
  const exporter = tensorflowVersion === "" ? "" : `, exported by TensorFlow ${docCode(tensorflowVersion)}`;
  const tagged = tags.length === 0 ? "without tags" : `tagged ${tags.map(docCode).join(", ")}`;
  return block(
    server === undefined
      ? `The SavedModel ${docCode(directory)}, ${tagged}${exporter}.`
      : `The model ${docCode(directory)}, as ${server} describes it.`,
    "",
    signatures.length === 0
      ? "It has no signatures that can be called."
      : server === undefined
        ? "All signatures share one TensorFlow session and its variables. Call `dispose()`, or declare the model with `using`."
        : "Connect to a server with `connect`, or load a copy of the model from a folder.",
    ...operationDocs(description),
    ...leftOutDocs(description),
  );
}

/** Returns the requirements of a model with operations of its own. */
function operationDocs({ unknownOperations: unknown }: ModelInfo): readonly string[] {
  if (unknown.length === 0) return [];
  const names = enumerate(unknown.map(docCode));
  const are = unknown.length === 1 ? `The operation ${names} is` : `The operations ${names} are`;
  return ["", `${are} not part of TensorFlow: \`load\` needs a library that has them, in the option \`opLibraries\`.`];
}

/** Returns the comment of the static method that loads the model. */
export function loadDocs({ description, server, signatures }: NamedModel): OptionalKind<JSDocStructure> {
  const custom = description.unknownOperations.length === 0 ? "" : "`opLibraries`, which this model needs; ";
  const calls = signatures.length === 0 ? "" : "`batching`, `concurrency` and `maxQueue` of asynchronous calls; ";
  return block(
    "Loads the model and checks that its signatures are those that this class was generated from.",
    "",
    directoryDocs(server),
    `@param options ${custom}${calls}threads, GPUs and other settings of TensorFlow; \`tags\` of another meta graph: see {@link LoadOptions}`,
    "@throws SavedModelError when the model does not exist or cannot be loaded, or when its signatures differ",
  );
}

function directoryDocs(server: string | undefined): string {
  const byDefault = server === undefined ? "; by default the one that this class was generated from" : "";
  return `@param directory the SavedModel's folder${byDefault}`;
}

/** Returns the comment of the method that loads the model without blocking. */
export function loadAsyncDocs({ className, server }: NamedModel): OptionalKind<JSDocStructure> {
  return block(
    `Loads the model like {@link ${className}.load}, on a worker thread: the event loop goes on meanwhile.`,
    "",
    directoryDocs(server),
    `@param options those of {@link ${className}.load}`,
    "@throws SavedModelError when the model does not exist or cannot be loaded, or when its signatures differ",
  );
}

/** Returns the comment of the method that connects to another engine. */
export function connectDocs(): OptionalKind<JSDocStructure> {
  return block(
    "Connects to another engine than TensorFlow's library in this process, such as a serving system, and checks that its signatures are those that this class was generated from.",
    "",
    "@param engine runs the signatures",
    "@param options `batching`, `concurrency` and `maxQueue` of calls: see {@link ClientOptions}",
    "@returns the methods as promises; close it, or declare it with `await using`",
    "@throws SavedModelError when the signatures differ",
  );
}

/** Largest number of omitted signatures that are listed; nobody reads more. */
const MOST_LEFT_OUT = 100;

/** Returns why some signatures have no methods. */
function leftOutDocs({ signatures }: ModelInfo): readonly string[] {
  const leftOut = signatures.flatMap(({ key, unsupported }) =>
    unsupported === undefined ? [] : [`- ${docCode(key)}: ${reasonText(unsupported)}`],
  );
  if (leftOut.length === 0) return [];
  const more = leftOut.length > MOST_LEFT_OUT ? [`- and ${leftOut.length - MOST_LEFT_OUT} more`] : [];
  return ["", "Signatures without a method:", ...leftOut.slice(0, MOST_LEFT_OUT), ...more];
}

/** A quoted name in a message. */
const QUOTED = /"([^"]*)"/;

/** Returns a reason as a sentence, with quoted names in code spans. Anything around them but plain words stays code. */
function reasonText(reason: string): string {
  const parts = reason.split(QUOTED);
  const isPlain = parts.every((part, index) => index % 2 === 1 || /^[\w ,.:'-]*$/.test(part));
  if (!isPlain || reason === "") return docCode(reason);
  const text = parts.map((part, index) => (index % 2 === 1 ? docCode(part) : part)).join("");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Returns the comment of a method, or of its declaration with inputs in order. */
export function methodDocs(signature: NamedSignature, options: string): OptionalKind<JSDocStructure> {
  return block(
    `${runs(signature)}.${effect(signature)}`,
    ...remarks(signature),
    ...order(signature),
    "",
    ...parameterDocs(signature),
    ...optionsDocs(signature, options),
    ...resultDocs(signature),
    "@throws SavedModelError when an input does not match, or when TensorFlow fails",
    ...deprecatedDocs(signature),
  );
}

/** Returns the comment of a method's declaration with one object of inputs. */
export function namedMethodDocs(signature: NamedSignature): OptionalKind<JSDocStructure> {
  return block(
    `${runs(signature)} with its inputs by name.${effect(signature)}`,
    ...remarks(signature),
    "",
    namedInputsDocs(signature),
    ...optionsDocs(signature, "options"),
    ...resultDocs(signature),
    "@throws SavedModelError when an input is missing, unknown or does not match, or when TensorFlow fails",
    ...deprecatedDocs(signature),
  );
}

/** Returns the comment of a method whose result is a promise, or of its declaration with inputs in order. */
export function asyncMethodDocs(signature: NamedSignature, options: string): OptionalKind<JSDocStructure> {
  return block(
    `${runs(signature)} on a worker thread.${effect(signature)}`,
    ...remarks(signature),
    ...order(signature),
    "",
    ...parameterDocs(signature),
    asyncOptionsDocs(signature, options),
    ...resultDocs(signature),
    "@throws SavedModelError when an input does not match, when TensorFlow fails, or when the call is aborted",
    ...deprecatedDocs(signature),
  );
}

/** Returns the comment of a declaration with one object of inputs, whose result is a promise. */
export function namedAsyncMethodDocs(signature: NamedSignature): OptionalKind<JSDocStructure> {
  return block(
    `${runs(signature)} on a worker thread, with its inputs by name.${effect(signature)}`,
    ...remarks(signature),
    "",
    namedInputsDocs(signature),
    asyncOptionsDocs(signature, "options"),
    ...resultDocs(signature),
    "@throws SavedModelError when an input is missing, unknown or does not match, when TensorFlow fails, or when the call is aborted",
    ...deprecatedDocs(signature),
  );
}

/** Returns the comment of the options of a method with a result that can be written into given memory. */
function optionsDocs({ outputs, outputsType }: NamedSignature, options: string): readonly string[] {
  if (!outputs.some(isTarget)) return [];
  const what = outputsType === undefined ? "a tensor or typed array" : "tensors or typed arrays by result";
  return [`@param ${options} \`into\`: ${what} to write into, instead of new memory`];
}

function asyncOptionsDocs({ outputs }: NamedSignature, options: string): string {
  const into = outputs.some(isTarget) ? ", and memory to write into" : "";
  return `@param ${options} a signal that aborts the call${into}`;
}

/** Largest number of names in a hover. */
const LISTED = 10;

/** Returns `age`, `income` and `rate` (optional) */
function namedInputsDocs({ inputs }: NamedSignature): string {
  const names = inputs.map(({ name, optional }) => `\`${name}\`${optional === true ? " (optional)" : ""}`);
  const shown = names.length > LISTED ? [...names.slice(0, LISTED - 1), `${names.length - LISTED + 1} more`] : names;
  return `@param inputs ${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

function runs(signature: NamedSignature): string {
  return `Runs the signature ${nameOf(signature)}`;
}

/** Returns the note for a declaration with inputs in order, if the author's order is different or unknown. */
function order({ inputsType, unordered }: NamedSignature): readonly string[] {
  if (inputsType === undefined || !unordered) return [];
  return ["", "The model does not record the author's order of the inputs: pass them by name."];
}

function effect({ writes }: NamedSignature): string {
  return writes === true ? " Changes variables or other state of the model." : "";
}

/** Returns why the method's name differs from its signature's. */
function remarks({ method, methodReason }: NamedSignature): readonly string[] {
  return methodReason === undefined ? [] : ["", `The method is called \`${method}\` because ${methodReason}.`];
}

/** Repeats the deprecation: editors strike a method through only if each of its declarations has it. */
export function implementationDocs(signature: NamedSignature): OptionalKind<JSDocStructure>[] {
  return deprecatedDocs(signature).map((description) => ({ description }));
}

/** Returns the comment of a function in place of a signature. */
export function fakeDocs(className: string, signature: NamedSignature): OptionalKind<JSDocStructure> {
  const lines = [`In place of {@link ${className}.${signature.method}}.`, ...deprecatedDocs(signature)];
  return lines.length === 1 ? { description: lines.join("") } : block(...lines);
}

function deprecatedDocs({ deprecated }: NamedSignature): readonly string[] {
  return deprecated === undefined ? [] : [`@deprecated ${docText(deprecated)}`.trimEnd()];
}

function nameOf({ key, methodName }: NamedSignature): string {
  return `${docCode(key)}${methodName === "" ? "" : ` (${docCode(methodName)})`}`;
}

function parameterDocs({ inputs }: NamedSignature): readonly string[] {
  return inputs.map((input) => `@param ${input.name} ${describe(input)}`);
}

function resultDocs({ outputs, outputsType }: NamedSignature): readonly string[] {
  const [output] = outputs;
  if (outputsType === undefined && output !== undefined) return [`@returns ${describe(output)}`];
  return [`@returns ${enumerate(outputs.map(({ name }) => `\`${name}\``))}`];
}

/** Largest number of names in one sentence. */
const MOST_NAMED = 20;

/** Joins `a`, `a and b`, `a, b and c`; for very many, the first ones and the number of the rest. */
export function enumerate(items: readonly string[]): string {
  const shown =
    items.length > MOST_NAMED ? [...items.slice(0, MOST_NAMED - 1), `${items.length - MOST_NAMED + 1} more`] : items;
  const [last = "", ...others] = [...shown].reverse();
  return others.length === 0 ? last : `${others.reverse().join(", ")} and ${last}`;
}

/** Returns the comment of an input's property. */
export function inputDocs(input: NamedTensor): OptionalKind<JSDocStructure> {
  return { description: describe(input) };
}

/** Returns the comment of an output's property. */
export function outputDocs(output: NamedTensor): OptionalKind<JSDocStructure> {
  return { description: describe(output) };
}

export function block(...lines: readonly string[]): OptionalKind<JSDocStructure> {
  // The leading line break makes ts-morph print a comment of several lines.
  return { description: `\n${lines.join("\n")}` };
}

/** Returns `` `training_input`: float32 [1, 2] `` */
function describe(tensor: NamedTensor): string {
  const { key, argument = key, dtype, shape, form: kind, optional, default: value, exampleType, bytes } = tensor;
  const { exampleRank = shape?.length } = tensor;
  const form = shape?.length === 0 ? "scalar" : shape === null ? "of any shape" : formatShape(shape);
  const item = exampleRank === 0 ? "a serialized `tf.Example`" : "each a serialized `tf.Example`";
  const examples = exampleType === undefined ? "" : `, ${item} or an object of its features`;
  const content = bytes === true ? ", bytes rather than text" : "";
  const prefix = kind === "dense" ? "" : `${kind} `;
  return `${docCode(argument)}: ${prefix}${dtype} ${form}${content}${examples}${optional === true ? `, ${whenLeftOut(value)}` : ""}`;
}

function whenLeftOut(value: DefaultValue | undefined): string {
  return value === undefined
    ? "the model's own default when omitted"
    : `${docCode(JSON.stringify(value))} when omitted`;
}

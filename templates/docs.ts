import type { JSDocStructure, OptionalKind } from "ts-morph";
import type { ModelDescription } from "../generator/description.js";
import { docCode, docText } from "../generator/escape.js";
import type { NamedModel, NamedSignature, NamedTensor } from "../generator/name-model.js";
import type { DefaultValue } from "../runtime/description.js";
import { formatShape } from "../runtime/shape.js";

/** The comment of the generated class. */
export function classDocs({ description, signatures }: NamedModel): OptionalKind<JSDocStructure> {
  const { directory, tags, tensorflowVersion } = description;
  const exporter = tensorflowVersion === "" ? "" : `, exported by TensorFlow ${docCode(tensorflowVersion)}`;
  const tagged = tags.length === 0 ? "without tags" : `tagged ${tags.map(docCode).join(", ")}`;
  return block(
    `The SavedModel ${docCode(directory)}, ${tagged}${exporter}.`,
    "",
    signatures.length === 0
      ? "It has no signature that can be called."
      : "All signatures share one TensorFlow session and its variables. Call `dispose()`, or declare the model with `using`.",
    ...leftOutDocs(description),
  );
}

/** More signatures that are left out than anybody reads of. */
const MOST_LEFT_OUT = 100;

/** Why some signatures are no methods. */
function leftOutDocs({ signatures }: ModelDescription): readonly string[] {
  const leftOut = signatures.flatMap(({ key, unsupported }) =>
    unsupported === undefined ? [] : [`- ${docCode(key)}: ${docCode(unsupported)}`],
  );
  if (leftOut.length === 0) return [];
  const more = leftOut.length > MOST_LEFT_OUT ? [`- and ${leftOut.length - MOST_LEFT_OUT} more`] : [];
  return ["", "Signatures that are left out:", ...leftOut.slice(0, MOST_LEFT_OUT), ...more];
}

/** The comment of a method. */
export function methodDocs(signature: NamedSignature): OptionalKind<JSDocStructure> {
  return block(
    `Runs the signature ${nameOf(signature)}.`,
    "",
    ...parameterDocs(signature),
    ...resultDocs(signature),
    "@throws SavedModelError when an input does not fit, or when TensorFlow fails",
    ...deprecatedDocs(signature),
  );
}

/** The comment of a method whose result is a promise. */
export function asyncMethodDocs(signature: NamedSignature, options: string): OptionalKind<JSDocStructure> {
  return block(
    `Runs the signature ${nameOf(signature)} on a worker thread.`,
    "",
    ...parameterDocs(signature),
    `@param ${options} an AbortSignal, where the call may be given up`,
    ...resultDocs(signature),
    "@throws SavedModelError when an input does not fit, when TensorFlow fails, or when the call is given up",
    ...deprecatedDocs(signature),
  );
}

/** Editors strike a method through only where each of its declarations says so. */
export function implementationDocs(signature: NamedSignature): OptionalKind<JSDocStructure>[] {
  return deprecatedDocs(signature).map((description) => ({ description }));
}

/** The comment of a function in place of a signature. */
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
  const returns = outputsType === undefined && output !== undefined ? describe(output) : "one property per output";
  return [`@returns ${returns}`];
}

/** The comment of an output's property. */
export function outputDocs(output: NamedTensor): OptionalKind<JSDocStructure> {
  return { description: describe(output) };
}

export function block(...lines: readonly string[]): OptionalKind<JSDocStructure> {
  // The leading line break has ts-morph print a comment of several lines.
  return { description: `\n${lines.join("\n")}` };
}

/** `` `training_input`: float32 [1, 2] `` */
function describe(tensor: NamedTensor): string {
  const { key, argument = key, dtype, shape, form: kind, optional, default: value, exampleType, bytes } = tensor;
  const { exampleRank = shape?.length } = tensor;
  const form = shape?.length === 0 ? "scalar" : shape === null ? "of any shape" : formatShape(shape);
  const item = exampleRank === 0 ? "a serialised `tf.Example`" : "each a serialised `tf.Example`";
  const examples = exampleType === undefined ? "" : `, ${item} or an object of its features`;
  const content = bytes === true ? ", bytes rather than text" : "";
  const prefix = kind === "dense" ? "" : `${kind} `;
  return `${docCode(argument)}: ${prefix}${dtype} ${form}${content}${examples}${optional === true ? `, ${whenLeftOut(value)}` : ""}`;
}

function whenLeftOut(value: DefaultValue | undefined): string {
  return value === undefined
    ? "the model's own default when left out"
    : `${docCode(JSON.stringify(value))} when left out`;
}

import type { CodeBlockWriter, WriterFunction } from "ts-morph";
import { stringLiteral } from "../generator/client/escape.js";
import type { NamedExample, NamedFeature } from "../generator/client/name-examples.js";
import type { NamedModel, NamedPart, NamedSignature, NamedTensor } from "../generator/client/name-model.js";
import type { ShapeSpec } from "../runtime/tensor/shape.js";

/**
 * Returns the constant that tells the runtime what the class was generated from. It is written as a string: ts-morph
 * would indent the lines of an initializer by one more level.
 */
export function descriptorTemplate(model: NamedModel): WriterFunction {
  return (writer) => {
    writer.write("const descriptor: ModelSpec = ");
    writeModel(writer, model);
    writer.write(";");
  };
}

function writeModel(
  writer: CodeBlockWriter,
  { className, description, server, opLibraries, signatures, examples }: NamedModel,
): void {
  writer.inlineBlock(() => {
    writer.writeLine(`name: ${stringLiteral(className)},`);
    writer.writeLine(`directory: ${stringLiteral(server === undefined ? description.directory : "")},`);
    writer.writeLine(`tags: [${description.tags.map(stringLiteral).join(", ")}],`);
    if (opLibraries.length > 0) writer.writeLine(`opLibraries: [${opLibraries.map(stringLiteral).join(", ")}],`);
    if (examples.length > 0) writeList(writer, "examples", examples, writeExample);
    const indexes = new Map(examples.map(({ type }, index) => [type, index]));
    writeList(writer, "signatures", signatures, (_, signature) => writeSignature(writer, signature, indexes));
  });
}

function writeExample(writer: CodeBlockWriter, { features }: NamedExample): void {
  writer.writeLine("[");
  writer.indent(() => {
    for (const feature of features) writer.writeLine(`${featureLiteral(feature)},`);
  });
  writer.write("]");
}

function writeSignature(
  writer: CodeBlockWriter,
  { key, method, inputs, inputsType, outputs }: NamedSignature,
  indexes: ReadonlyMap<string, number>,
): void {
  const several = outputs.length > 1;
  writer.inlineBlock(() => {
    writer.writeLine(`key: ${stringLiteral(key)},`);
    if (method !== key) writer.writeLine(`method: ${stringLiteral(method)},`);
    writeTensors(
      writer,
      "inputs",
      inputs.map((input) => tensorLiteral(input, inputsType && input.name, indexes.get(input.exampleType ?? ""))),
    );
    writeTensors(
      writer,
      "outputs",
      outputs.map((output) => tensorLiteral(output, several ? output.name : undefined)),
    );
  });
}

function writeTensors(writer: CodeBlockWriter, name: string, tensors: readonly string[]): void {
  const [tensor] = tensors;
  if (tensors.length === 1) writer.writeLine(`${name}: [${tensor}],`);
  else writeList(writer, name, tensors, (_, literal) => writer.write(literal));
}

/** Writes `name: [],` or `name: [` with one item per line. */
function writeList<T>(
  writer: CodeBlockWriter,
  name: string,
  items: readonly T[],
  writeItem: (writer: CodeBlockWriter, item: T) => void,
): void {
  if (items.length === 0) {
    writer.writeLine(`${name}: [],`);
    return;
  }
  writer.writeLine(`${name}: [`);
  writer.indent(() => {
    for (const item of items) {
      writeItem(writer, item);
      writer.write(",").newLine();
    }
  });
  writer.writeLine("],");
}

function featureLiteral({ key, dtype, kind, shape, optional, name }: NamedFeature): string {
  const fields = [
    `key: ${stringLiteral(key)}`,
    `dtype: ${stringLiteral(dtype)}`,
    `kind: ${stringLiteral(kind)}`,
    `shape: ${shapeLiteral(shape)}`,
    ...(optional === true ? ["optional: true"] : []),
    `property: ${stringLiteral(name)}`,
  ];
  return `{ ${fields.join(", ")} }`;
}

function tensorLiteral(tensor: NamedTensor, property?: string, example?: number): string {
  const fields = tensorFields(tensor);
  if (tensor.argument !== undefined) fields.splice(1, 0, `argument: ${stringLiteral(tensor.argument)}`);
  if (tensor.optional === true) fields.push("optional: true");
  if (tensor.form !== "dense") fields.push(`encoding: ${stringLiteral(tensor.form)}`);
  if (tensor.form === "ragged") fields.push(`raggedRank: ${(tensor.components?.length ?? 1) - 1}`);
  if (tensor.parts.length > 0) fields.push(`parts: [${tensor.parts.map(partLiteral).join(", ")}]`);
  if (tensor.bytes === true) fields.push("bytes: true");
  if (property !== undefined) fields.push(`property: ${stringLiteral(property)}`);
  if (example !== undefined) fields.push(`example: ${example}`);
  if (example !== undefined && tensor.exampleRank !== undefined) fields.push(`exampleRank: ${tensor.exampleRank}`);
  return `{ ${fields.join(", ")} }`;
}

function partLiteral(part: NamedPart): string {
  return `{ ${tensorFields(part).join(", ")} }`;
}

function tensorFields({ key, dtype, shape }: NamedPart): string[] {
  return [`key: ${stringLiteral(key)}`, `dtype: ${stringLiteral(dtype)}`, `shape: ${shapeLiteral(shape)}`];
}

function shapeLiteral(shape: ShapeSpec): string {
  return shape === null ? "null" : `[${shape.map(String).join(", ")}]`;
}

import type { CodeBlockWriter, WriterFunction } from "ts-morph";
import { stringLiteral } from "../generator/escape.js";
import type { NamedModel, NamedSignature, NamedTensor } from "../generator/name-model.js";
import type { ShapeSpec } from "../runtime/shape.js";

/**
 * The constant that tells the runtime what the class was generated from. It is written as text: ts-morph would indent the
 * lines of an initializer by one more level.
 */
export function descriptorTemplate(model: NamedModel): WriterFunction {
  return (writer) => {
    writer.write("const descriptor: ModelDescriptor = ");
    writeModel(writer, model);
    writer.write(";");
  };
}

function writeModel(writer: CodeBlockWriter, { className, description, signatures }: NamedModel): void {
  writer.inlineBlock(() => {
    writer.writeLine(`name: ${stringLiteral(className)},`);
    writer.writeLine(`directory: ${stringLiteral(description.directory)},`);
    writer.writeLine(`tags: [${description.tags.map(stringLiteral).join(", ")}],`);
    writeList(writer, "signatures", signatures, writeSignature);
  });
}

function writeSignature(writer: CodeBlockWriter, { key, inputs, outputs }: NamedSignature): void {
  const several = outputs.length > 1;
  writer.inlineBlock(() => {
    writer.writeLine(`key: ${stringLiteral(key)},`);
    writeTensors(
      writer,
      "inputs",
      inputs.map((input) => tensorLiteral(input)),
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

/** Writes `name: [],` or `name: [` with an item a line. */
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

function tensorLiteral({ key, dtype, shape, optional }: NamedTensor, property?: string): string {
  const fields = [`key: ${stringLiteral(key)}`, `dtype: ${stringLiteral(dtype)}`, `shape: ${shapeLiteral(shape)}`];
  if (optional === true) fields.push("optional: true");
  if (property !== undefined) fields.push(`property: ${stringLiteral(property)}`);
  return `{ ${fields.join(", ")} }`;
}

function shapeLiteral(shape: ShapeSpec): string {
  return shape === null ? "null" : `[${shape.map(String).join(", ")}]`;
}

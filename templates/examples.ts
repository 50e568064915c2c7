import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import { docCode } from "../generator/escape.js";
import type { NamedExample, NamedFeature } from "../generator/name-examples.js";
import type { NamedModel } from "../generator/name-model.js";
import { formatShape } from "../runtime/shape.js";
import { featureType } from "./types.js";

/** The interfaces of the `tf.Example`s that signatures parse. */
export function examplesTemplate(model: NamedModel): InterfaceDeclarationStructure[] {
  return model.examples.map((example) => ({
    kind: StructureKind.Interface,
    name: example.type,
    isExported: true,
    docs: [{ description: `A \`tf.Example\` for ${usesOf(example, model)}.` }],
    properties: example.features.map((feature) => ({
      name: feature.name,
      type: featureType(feature),
      isReadonly: true,
      hasQuestionToken: feature.optional === true,
      docs: [{ description: describe(feature) }],
    })),
  }));
}

function usesOf({ type }: NamedExample, { signatures }: NamedModel): string {
  return signatures
    .filter(({ inputs }) => inputs.some(({ exampleType }) => exampleType === type))
    .map(({ key }) => docCode(key))
    .join(", ");
}

/** `` `age`: int64 scalar `` */
function describe({ key, dtype, kind, shape, optional }: NamedFeature): string {
  if (kind !== "dense") return `${docCode(key)}: ${dtype}, any number of values`;
  const form = shape.length === 0 ? "scalar" : formatShape(shape);
  if (shape[0] === null) return `${docCode(key)}: ${dtype} ${form}, padded by the model`;
  return `${docCode(key)}: ${dtype} ${form}${optional === true ? ", the model's own default when left out" : ""}`;
}

import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import { docCode } from "../generator/client/escape.js";
import type { NamedFeature } from "../generator/client/name-examples.js";
import type { NamedModel, NamedSignature } from "../generator/client/name-model.js";
import { formatShape } from "../runtime/tensor/shape.js";
import { enumerate } from "./docs.js";
import { featureType } from "./types.js";

/** Returns the interfaces of the `tf.Example`s that signatures parse. */
export function examplesTemplate({ examples, signatures }: NamedModel): InterfaceDeclarationStructure[] {
  const uses = usesByType(signatures);
  return examples.map((example) => ({
    kind: StructureKind.Interface,
    name: example.type,
    isExported: true,
    docs: [{ description: `A \`tf.Example\` for ${enumerate((uses.get(example.type) ?? []).map(docCode))}.` }],
    properties: example.features.map((feature) => ({
      name: feature.name,
      type: featureType(feature),
      isReadonly: true,
      hasQuestionToken: feature.optional === true,
      docs: [{ description: describe(feature) }],
    })),
  }));
}

/** Returns the keys of the signatures that use each type. */
function usesByType(signatures: readonly NamedSignature[]): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>();
  for (const { key, inputs } of signatures) {
    for (const type of new Set(inputs.flatMap(({ exampleType }) => exampleType ?? []))) {
      const keys = uses.get(type);
      if (keys === undefined) uses.set(type, [key]);
      else keys.push(key);
    }
  }
  return uses;
}

/** Returns `` `age`: int64 scalar `` */
function describe({ key, dtype, kind, shape, optional }: NamedFeature): string {
  if (kind !== "dense") return `${docCode(key)}: ${dtype}, any number of values`;
  const form = shape.length === 0 ? "scalar" : formatShape(shape);
  if (shape[0] === null) return `${docCode(key)}: ${dtype} ${form}, padded by the model`;
  return `${docCode(key)}: ${dtype} ${form}${optional === true ? ", the model's own default when omitted" : ""}`;
}

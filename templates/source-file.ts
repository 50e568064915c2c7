import { type SourceFileStructure, StructureKind } from "ts-morph";
import type { NamedModel, NamedSignature } from "../generator/client/name-model.js";
import { asyncTemplate } from "./async.js";
import { bannerTemplate } from "./banner.js";
import { classTemplate } from "./class.js";
import { descriptorTemplate } from "./descriptor.js";
import { examplesTemplate } from "./examples.js";
import { fakesTemplate } from "./fakes.js";
import { inputsTemplate, outputsTemplate } from "./interfaces.js";
import { featureType, inputType, isTarget, outputType, resultType, VALUE_TYPES } from "./types.js";

/** Returns the whole generated file. */
export function sourceFileTemplate(model: NamedModel, fingerprint: string): SourceFileStructure {
  return {
    kind: StructureKind.SourceFile,
    statements: [
      ...bannerTemplate(model, fingerprint),
      {
        kind: StructureKind.ImportDeclaration,
        moduleSpecifier: "savedmodel",
        namedImports: [{ name: "Model" }, ...typeImports(model).map((name) => ({ name, isTypeOnly: true }))],
      },
      ...examplesTemplate(model),
      ...inputsTemplate(model),
      ...outputsTemplate(model),
      classTemplate(model),
      ...asyncTemplate(model),
      ...fakesTemplate(model),
      descriptorTemplate(model),
    ],
  };
}

/** Returns the types that the file mentions, sorted. */
function typeImports({ signatures, examples }: NamedModel): readonly string[] {
  const featureTypes = examples.flatMap(({ features }) => features.map(featureType));
  const text = [...signatures.flatMap(typesOf), ...featureTypes].join(" ");
  const used = VALUE_TYPES.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const options = signatures.length === 0 ? [] : ["CallOptions", "ClientOptions", "Connected", "Engine"];
  if (signatures.some(({ outputs }) => outputs.some(isTarget))) options.push("ResultOptions");
  return [...used, ...options, "LoadOptions", "ModelSpec"].sort();
}

function typesOf({ inputs, outputs }: NamedSignature): readonly string[] {
  return [inputs.map(inputType), inputs.map(outputType), outputs.map(outputType), outputs.map(resultType)].flat();
}

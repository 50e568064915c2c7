import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import { docCode } from "../generator/escape.js";
import type { NamedSignature } from "../generator/name-model.js";
import { outputDocs } from "./docs.js";
import { outputType } from "./types.js";

/** The interface of what a signature with several outputs returns; nothing for the others. */
export function outputsTemplate({ key, outputs, outputsType }: NamedSignature): InterfaceDeclarationStructure[] {
  if (outputsType === undefined) return [];
  return [
    {
      kind: StructureKind.Interface,
      name: outputsType,
      isExported: true,
      docs: [{ description: `What the signature ${docCode(key)} returns.` }],
      properties: outputs.map((output) => ({
        name: output.name,
        type: outputType(output),
        isReadonly: true,
        docs: [outputDocs(output)],
      })),
    },
  ];
}

import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import { docCode } from "../generator/client/escape.js";
import type { NamedModel, NamedSignature } from "../generator/client/name-model.js";
import { enumerate, inputDocs, outputDocs } from "./docs.js";
import { inputType, outputType } from "./types.js";

/** Returns the interfaces of the inputs of methods that take one object, each once. */
export function inputsTemplate({ signatures }: NamedModel): InterfaceDeclarationStructure[] {
  return [...usersByType(signatures, ({ inputsType }) => inputsType)].map(([name, [signature, ...others]]) => ({
    kind: StructureKind.Interface,
    name,
    isExported: true,
    docs: [{ description: `Inputs of ${signaturesOf([signature, ...others])}.` }],
    properties: signature.inputs.map((input) => ({
      name: input.name,
      type: inputType(input),
      isReadonly: true,
      hasQuestionToken: input.optional === true,
      docs: [inputDocs(input)],
    })),
  }));
}

/** Returns the interfaces of the outputs of signatures with several, each once. */
export function outputsTemplate({ signatures }: NamedModel): InterfaceDeclarationStructure[] {
  return [...usersByType(signatures, ({ outputsType }) => outputsType)].map(([name, [signature, ...others]]) => ({
    kind: StructureKind.Interface,
    name,
    isExported: true,
    docs: [{ description: `Outputs of ${signaturesOf([signature, ...others])}.` }],
    properties: signature.outputs.map((output) => ({
      name: output.name,
      type: outputType(output),
      isReadonly: true,
      docs: [outputDocs(output)],
    })),
  }));
}

/** Returns the signatures that use each interface, at least one. */
export function usersByType(
  signatures: readonly NamedSignature[],
  typeOf: (signature: NamedSignature) => string | undefined,
): ReadonlyMap<string, readonly [NamedSignature, ...NamedSignature[]]> {
  const users = new Map<string, [NamedSignature, ...NamedSignature[]]>();
  for (const signature of signatures) {
    const type = typeOf(signature);
    if (type === undefined) continue;
    const known = users.get(type);
    if (known === undefined) users.set(type, [signature]);
    else known.push(signature);
  }
  return users;
}

/** Returns `` the signatures `evaluate` and `train` `` */
function signaturesOf(signatures: readonly NamedSignature[]): string {
  return `the ${signatures.length === 1 ? "signature" : "signatures"} ${enumerate(signatures.map(({ key }) => docCode(key)))}`;
}

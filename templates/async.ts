import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import type { NamedModel, NamedSignature } from "../generator/name-model.js";
import { asyncMethodDocs } from "./docs.js";
import { parametersTemplate, returnType } from "./method.js";

/** The interface of the client's methods as promises; nothing for a client without methods. */
export function asyncTemplate({ className, asyncType, signatures }: NamedModel): InterfaceDeclarationStructure[] {
  if (asyncType === undefined) return [];
  return [
    {
      kind: StructureKind.Interface,
      name: asyncType,
      isExported: true,
      docs: [{ description: `The signatures of {@link ${className}} as promises: they run on worker threads.` }],
      methods: signatures.map((signature) => {
        const options = optionsName(signature);
        return {
          name: signature.method,
          docs: [asyncMethodDocs(signature, options)],
          parameters: [
            ...parametersTemplate(signature.inputs),
            { name: options, type: "CallOptions", hasQuestionToken: true },
          ],
          returnType: `Promise<${returnType(signature)}>`,
        };
      }),
    },
  ];
}

/** `options`, unless that is the name of an input. */
function optionsName({ inputs }: NamedSignature): string {
  const taken = new Set(inputs.map(({ name }) => name));
  let name = "options";
  for (let count = 2; taken.has(name); count++) name = `options${count}`;
  return name;
}

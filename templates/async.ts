import {
  type InterfaceDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  type ParameterDeclarationStructure,
  StructureKind,
} from "ts-morph";
import type { NamedModel, NamedSignature } from "../generator/client/name-model.js";
import { asyncMethodDocs, namedAsyncMethodDocs } from "./docs.js";
import { inOrderTypeParameters, namedParameter, parametersTemplate, returnType } from "./method.js";

/** Returns the interface of the client's methods as promises; nothing for a client without methods. */
export function asyncTemplate({ className, asyncType, signatures }: NamedModel): InterfaceDeclarationStructure[] {
  if (asyncType === undefined) return [];
  return [
    {
      kind: StructureKind.Interface,
      name: asyncType,
      isExported: true,
      docs: [{ description: `The signatures of {@link ${className}} as promises: they run on worker threads.` }],
      methods: signatures.flatMap(methodsTemplate),
    },
  ];
}

/** Returns the declarations of one method: by name if it can be called so, and in order. */
function methodsTemplate(signature: NamedSignature): OptionalKind<MethodSignatureStructure>[] {
  const { method: name, inputs, inputsType } = signature;
  const result = `Promise<${returnType(signature)}>`;
  const options = optionsName(signature);
  const inOrder = {
    name,
    docs: [asyncMethodDocs(signature, options)],
    typeParameters: inOrderTypeParameters(signature),
    parameters: [...parametersTemplate(inputs), optionsParameter(options)],
    returnType: result,
  };
  if (inputsType === undefined) return [inOrder];
  const docs = [namedAsyncMethodDocs(signature)];
  const parameters = [...namedParameter(inputsType), optionsParameter("options")];
  return [{ name, docs, parameters, returnType: result }, inOrder];
}

function optionsParameter(name: string): OptionalKind<ParameterDeclarationStructure> {
  return { name, type: "CallOptions", hasQuestionToken: true };
}

/** Returns `options`, unless that is the name of an input. */
function optionsName({ inputs }: NamedSignature): string {
  const taken = new Set(inputs.map(({ name }) => name));
  let name = "options";
  for (let count = 2; taken.has(name); count++) name = `options${count}`;
  return name;
}

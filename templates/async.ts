import {
  type InterfaceDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  type ParameterDeclarationStructure,
  StructureKind,
} from "ts-morph";
import type { NamedModel, NamedSignature } from "../generator/client/name-model.js";
import { asyncMethodDocs, namedAsyncMethodDocs } from "./docs.js";
import {
  inOrderTypeParameters,
  namedParameter,
  optionsName,
  parametersTemplate,
  RECEIVER,
  returnType,
} from "./method.js";
import { isTarget } from "./types.js";

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
    parameters: [RECEIVER, ...parametersTemplate(inputs), optionsParameter(signature, options)],
    returnType: result,
  };
  if (inputsType === undefined) return [inOrder];
  const docs = [namedAsyncMethodDocs(signature)];
  const parameters = [RECEIVER, ...namedParameter(inputsType), optionsParameter(signature, "options")];
  return [{ name, docs, parameters, returnType: result }, inOrder];
}

function optionsParameter(signature: NamedSignature, name: string): OptionalKind<ParameterDeclarationStructure> {
  const type = signature.outputs.some(isTarget) ? `CallOptions<${returnType(signature)}>` : "CallOptions";
  return { name, type, hasQuestionToken: true };
}

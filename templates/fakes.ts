import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import type { NamedModel, NamedSignature, NamedTensor } from "../generator/client/name-model.js";
import { fakeDocs } from "./docs.js";
import { usersByType } from "./interfaces.js";
import { parametersTemplate } from "./method.js";
import { outputType, resultType } from "./types.js";

/**
 * Returns the interface of the functions that a fake client consists of; nothing for a client without methods. It is
 * spelled out rather than computed from the class: so editors show shapes, and need not compute it for every key that
 * is typed.
 */
export function fakesTemplate({ className, fakesType, signatures }: NamedModel): InterfaceDeclarationStructure[] {
  if (fakesType === undefined) return [];
  return [
    ...objectsTemplate({ signatures }),
    {
      kind: StructureKind.Interface,
      name: fakesType,
      isExported: true,
      docs: [
        { description: `Functions in place of the signatures of {@link ${className}}; a test needs those it calls.` },
      ],
      properties: signatures.map((signature) => ({
        name: signature.method,
        docs: [fakeDocs(className, signature)],
        isReadonly: true,
        hasQuestionToken: true,
        type: functionType(signature),
      })),
    },
  ];
}

/**
 * Returns the interfaces of the objects that such functions receive and return, each once, except those that methods
 * have as well.
 */
function objectsTemplate({ signatures }: Pick<NamedModel, "signatures">): InterfaceDeclarationStructure[] {
  const declare = (
    name: string,
    description: string,
    tensors: readonly NamedTensor[],
    typeOf: (tensor: NamedTensor) => string,
  ): InterfaceDeclarationStructure => ({
    kind: StructureKind.Interface,
    name,
    isExported: true,
    docs: [{ description }],
    properties: tensors.map((tensor) => ({
      name: tensor.name,
      type: typeOf(tensor),
      isReadonly: true,
      hasQuestionToken: tensor.optional === true,
    })),
  });
  const inputs = [...usersByType(signatures, ({ fakeInputsType }) => fakeInputsType)];
  const outputs = [...usersByType(signatures, ({ fakeOutputsType }) => fakeOutputsType)];
  return [
    ...inputs.map(([name, [signature]]) =>
      declare(
        name,
        `{@link ${signature.inputsType}} as the function of a fake gets them.`,
        signature.inputs,
        outputType,
      ),
    ),
    ...outputs
      .filter(([name, [{ outputsType }]]) => name !== outputsType)
      .map(([name, [signature]]) =>
        declare(
          name,
          `{@link ${signature.outputsType}} as the function of a fake returns them.`,
          signature.outputs,
          resultType,
        ),
      ),
  ];
}

/**
 * Returns `(inputs: Tensor<"float32", [1, 2]>) => TensorLike<"float32", [1, 1]>`: checked inputs, and outputs to check.
 */
function functionType({ inputs, fakeInputsType, outputs, fakeOutputsType }: NamedSignature): string {
  const parameters =
    fakeInputsType === undefined
      ? parametersTemplate(inputs, outputType).map(
          ({ name, type, hasQuestionToken }) => `${name}${hasQuestionToken === true ? "?" : ""}: ${type}`,
        )
      : [`inputs: ${fakeInputsType}`];
  const [output] = outputs;
  // Any return value of the function of a signature without outputs is an object without properties.
  const result = fakeOutputsType ?? (output === undefined ? "{  }" : resultType(output));
  return `(${parameters.join(", ")}) => ${result}`;
}

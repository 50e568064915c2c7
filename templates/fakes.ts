import { type InterfaceDeclarationStructure, StructureKind } from "ts-morph";
import type { NamedModel, NamedSignature, NamedTensor } from "../generator/client/name-model.js";
import { fakeDocs } from "./docs.js";
import { parametersTemplate } from "./method.js";
import { outputType, resultType } from "./types.js";

/**
 * The interface of the functions that a fake client is made of; nothing for a client without methods. It is spelled out
 * rather than computed from the class: so editors show shapes, and need not compute it for every key that is typed.
 */
export function fakesTemplate({ className, fakesType, signatures }: NamedModel): InterfaceDeclarationStructure[] {
  if (fakesType === undefined) return [];
  return [
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

/** `(inputs: Tensor<"float32", [1, 2]>) => TensorLike<"float32", [1, 1]>`: what a call checked, and what it will check. */
function functionType({ inputs, inputsType, outputs, outputsType }: NamedSignature): string {
  const parameters =
    inputsType === undefined
      ? parametersTemplate(inputs, outputType).map(
          ({ name, type, hasQuestionToken }) => `${name}${hasQuestionToken === true ? "?" : ""}: ${type}`,
        )
      : [`inputs: { ${inputs.map(checkedProperty).join("; ")} }`];
  const [output] = outputs;
  const several = outputs.map((each) => `readonly ${each.name}: ${resultType(each)}`).join("; ");
  const result = outputsType === undefined && output !== undefined ? resultType(output) : `{ ${several} }`;
  return `(${parameters.join(", ")}) => ${result}`;
}

function checkedProperty(input: NamedTensor): string {
  return `readonly ${input.name}${input.optional === true ? "?" : ""}: ${outputType(input)}`;
}

import type { MethodDeclarationStructure, OptionalKind, ParameterDeclarationStructure } from "ts-morph";
import { stringLiteral } from "../generator/escape.js";
import type { NamedSignature, NamedTensor } from "../generator/name-model.js";
import { methodDocs } from "./docs.js";
import { inputType, outputType } from "./types.js";

/**
 * A signature's method. The overload is what callers see; the implementation takes all arguments that were given, so that
 * the runtime can refuse the ones that are too many.
 */
export function methodTemplate(signature: NamedSignature): OptionalKind<MethodDeclarationStructure> {
  return {
    name: signature.method,
    parameters: [{ name: "inputs", type: "unknown[]", isRestParameter: true }],
    returnType: "unknown",
    statements: [`return this.call(${stringLiteral(signature.key)}, inputs);`],
    overloads: [
      {
        docs: [methodDocs(signature)],
        parameters: parametersTemplate(signature.inputs),
        returnType: returnType(signature),
      },
    ],
  };
}

/** The inputs of a signature as parameters. */
export function parametersTemplate(inputs: readonly NamedTensor[]): OptionalKind<ParameterDeclarationStructure>[] {
  const lastRequired = inputs.findLastIndex(({ optional }) => optional !== true);
  return inputs.map((input, index) => {
    const type = inputType(input);
    if (input.optional !== true) return { name: input.name, type };
    // An optional parameter may not stand before a required one.
    if (index < lastRequired) return { name: input.name, type: `${type} | undefined` };
    return { name: input.name, type, hasQuestionToken: true };
  });
}

/** What a signature returns. */
export function returnType({ outputs, outputsType }: NamedSignature): string {
  const [output] = outputs;
  return outputsType ?? (output === undefined ? "void" : outputType(output));
}

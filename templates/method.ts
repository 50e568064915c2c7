import type { MethodDeclarationStructure, OptionalKind, ParameterDeclarationStructure } from "ts-morph";
import { stringLiteral } from "../generator/client/escape.js";
import type { NamedSignature, NamedTensor } from "../generator/client/name-model.js";
import { implementationDocs, methodDocs, namedMethodDocs } from "./docs.js";
import { inputType, outputType } from "./types.js";

/** Methods are bound: `fit(model.train, …)` loses no `this`, as linters would say of other methods. */
const RECEIVER: Parameter = { name: "this", type: "void" };

/**
 * A signature's method. The overload is what callers see; the implementation takes all arguments that were given, so that
 * the runtime can refuse the ones that are too many. They are `never`, because the compiler says of a wrong call whether the
 * implementation would take it.
 */
export function methodTemplate(signature: NamedSignature): OptionalKind<MethodDeclarationStructure> {
  return {
    name: signature.method,
    docs: implementationDocs(signature),
    parameters: [{ name: "inputs", type: "never[]", isRestParameter: true }],
    returnType: "unknown",
    statements: [`return this.call(${stringLiteral(signature.key)}, inputs);`],
    overloads: [
      // The last one is what TypeScript infers the inputs of a method from, in `fit`.
      ...(signature.inputsType === undefined
        ? []
        : [
            {
              docs: [namedMethodDocs(signature)],
              parameters: [RECEIVER, ...namedParameter(signature.inputsType)],
              returnType: returnType(signature),
            },
          ]),
      {
        docs: [methodDocs(signature)],
        typeParameters: inOrderTypeParameters(signature),
        parameters: [RECEIVER, ...parametersTemplate(signature.inputs)],
        returnType: returnType(signature),
      },
    ],
  };
}

/** A parameter whose type is text. */
type Parameter = OptionalKind<ParameterDeclarationStructure> & { readonly type: string };

/** The inputs of a signature as parameters, of the types that an input accepts unless others are asked for. */
export function parametersTemplate(
  inputs: readonly NamedTensor[],
  typeOf: (input: NamedTensor) => string = inputType,
): Parameter[] {
  const lastRequired = inputs.findLastIndex(({ optional }) => optional !== true);
  return inputs.map((input, index) => {
    const type = typeOf(input);
    if (input.optional !== true) return { name: input.name, type };
    // An optional parameter may not stand before a required one.
    if (index < lastRequired) return { name: input.name, type: `${type} | undefined` };
    return { name: input.name, type, hasQuestionToken: true };
  });
}

/**
 * The type parameters of a declaration with inputs in order, where there is one with inputs by name. A type parameter that
 * nothing uses has editors take the other declaration for an object that is not complete yet: else they mix the properties
 * of tensors and arrays with the names of the inputs.
 */
export function inOrderTypeParameters({ inputsType }: NamedSignature): { name: string }[] {
  return inputsType === undefined ? [] : [{ name: "_" }];
}

/** The parameter of a method that takes one object of all inputs. */
export function namedParameter(type: string): Parameter[] {
  return [{ name: "inputs", type }];
}

/** What a signature returns. */
export function returnType({ outputs, outputsType }: NamedSignature): string {
  const [output] = outputs;
  return outputsType ?? (output === undefined ? "void" : outputType(output));
}

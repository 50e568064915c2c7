import type { MethodDeclarationStructure, OptionalKind, ParameterDeclarationStructure } from "ts-morph";
import { stringLiteral } from "../generator/client/escape.js";
import type { NamedSignature, NamedTensor } from "../generator/client/name-model.js";
import { implementationDocs, methodDocs, namedMethodDocs } from "./docs.js";
import { inputType, isTarget, outputType } from "./types.js";

/**
 * Type of `this`. Methods are bound: `fit(model.train, …)` loses no `this`, as linters would report for other methods.
 */
export const RECEIVER: Parameter = { name: "this", type: "void" };

/**
 * Returns a signature's method. Callers see the overload; the implementation takes all arguments that were passed, so
 * that the runtime can reject surplus ones. They are `never`, because the compiler reports for a wrong call whether the
 * implementation would accept it.
 */
export function methodTemplate(signature: NamedSignature): OptionalKind<MethodDeclarationStructure> {
  return {
    name: signature.method,
    docs: implementationDocs(signature),
    parameters: [{ name: "inputs", type: "never[]", isRestParameter: true }],
    returnType: "unknown",
    statements: [`return this.call(${stringLiteral(signature.key)}, inputs);`],
    overloads: [
      // TypeScript infers the inputs of a method from the last overload, in `fit`.
      ...(signature.inputsType === undefined
        ? []
        : [
            {
              docs: [namedMethodDocs(signature)],
              parameters: [
                RECEIVER,
                ...namedParameter(signature.inputsType),
                ...optionsParameter(signature, "options"),
              ],
              returnType: returnType(signature),
            },
          ]),
      {
        docs: [methodDocs(signature, optionsName(signature))],
        typeParameters: inOrderTypeParameters(signature),
        parameters: [
          RECEIVER,
          ...parametersTemplate(signature.inputs),
          ...optionsParameter(signature, optionsName(signature)),
        ],
        returnType: returnType(signature),
      },
    ],
  };
}

/** A parameter whose type is a string. */
type Parameter = OptionalKind<ParameterDeclarationStructure> & { readonly type: string };

/** Returns the inputs of a signature as parameters, by default of the types that an input accepts. */
export function parametersTemplate(
  inputs: readonly NamedTensor[],
  typeOf: (input: NamedTensor) => string = inputType,
): Parameter[] {
  const lastRequired = inputs.findLastIndex(({ optional }) => optional !== true);
  return inputs.map((input, index) => {
    const type = typeOf(input);
    if (input.optional !== true) return { name: input.name, type };
    // An optional parameter may not precede a required one.
    if (index < lastRequired) return { name: input.name, type: `${type} | undefined` };
    return { name: input.name, type, hasQuestionToken: true };
  });
}

/**
 * Returns the type parameters of a declaration with inputs in order, if there is one with inputs by name. An unused
 * type parameter makes editors take the other declaration for an object that is not complete yet: else they mix the
 * properties of tensors and arrays with the names of the inputs.
 */
export function inOrderTypeParameters({ inputsType }: NamedSignature): { name: string }[] {
  return inputsType === undefined ? [] : [{ name: "_" }];
}

/** Returns the parameter of a method that takes one object of all inputs. */
export function namedParameter(type: string): Parameter[] {
  return [{ name: "inputs", type }];
}

/** Returns the parameter for options, of a method with a result that can be written into given memory. */
function optionsParameter(signature: NamedSignature, name: string): Parameter[] {
  if (!signature.outputs.some(isTarget)) return [];
  return [{ name, type: `ResultOptions<${returnType(signature)}>`, hasQuestionToken: true }];
}

/** Returns `options`, unless that is the name of an input. */
export function optionsName({ inputs }: NamedSignature): string {
  const taken = new Set(inputs.map(({ name }) => name));
  let name = "options";
  for (let count = 2; taken.has(name); count++) name = `options${count}`;
  return name;
}

/** Returns the type of a signature's result. */
export function returnType({ outputs, outputsType }: NamedSignature): string {
  const [output] = outputs;
  return outputsType ?? (output === undefined ? "void" : outputType(output));
}

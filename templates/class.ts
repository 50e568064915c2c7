import {
  type ClassDeclarationStructure,
  type MethodDeclarationStructure,
  type OptionalKind,
  type ParameterDeclarationStructure,
  StructureKind,
} from "ts-morph";
import { stringLiteral } from "../generator/client/escape.js";
import type { NamedModel } from "../generator/client/name-model.js";
import { block, classDocs, connectDocs, loadAsyncDocs, loadDocs } from "./docs.js";
import { methodTemplate } from "./method.js";

/** Returns the client: a class with one method per signature. */
export function classTemplate(model: NamedModel): ClassDeclarationStructure {
  return {
    kind: StructureKind.Class,
    name: model.className,
    extends: "Model",
    isExported: true,
    docs: [classDocs(model)],
    getAccessors:
      model.asyncType === undefined
        ? []
        : [
            {
              name: "async",
              docs: [{ description: "The same methods as promises: they run on worker threads, off the event loop." }],
              returnType: model.asyncType,
              statements: ["return this.asyncMethods();"],
            },
          ],
    methods: [
      {
        name: "load",
        isStatic: true,
        hasOverrideKeyword: true,
        docs: [loadDocs(model)],
        parameters: loadParameters(model),
        returnType: model.className,
        statements: [`return new ${model.className}(descriptor, directory, options);`],
      },
      {
        name: "loadAsync",
        isStatic: true,
        hasOverrideKeyword: true,
        docs: [loadAsyncDocs(model)],
        parameters: loadParameters(model),
        returnType: `Promise<${model.className}>`,
        statements: [`return Model.loading(${model.className}, descriptor, directory, options);`],
      },
      ...connectTemplate(model),
      ...fakeTemplate(model),
      ...model.signatures.map(methodTemplate),
    ],
  };
}

function loadParameters(model: NamedModel): OptionalKind<ParameterDeclarationStructure>[] {
  return [
    {
      name: "directory",
      type: "string | URL",
      ...(model.server === undefined && { initializer: "descriptor.directory" }),
    },
    { name: "options", type: `LoadOptions<${keysType(model)}>`, hasQuestionToken: true },
  ];
}

/** Returns the type of the keys of signatures, which editors complete in options. */
function keysType({ signatures }: NamedModel): string {
  return signatures.map(({ key }) => stringLiteral(key)).join(" | ") || "never";
}

/** Returns the method that connects to another engine; nothing for a client without methods. */
function connectTemplate(model: NamedModel): OptionalKind<MethodDeclarationStructure>[] {
  const { className, asyncType } = model;
  if (asyncType === undefined) return [];
  return [
    {
      name: "connect",
      isStatic: true,
      isAsync: true,
      docs: [connectDocs()],
      parameters: [
        { name: "engine", type: "Engine | PromiseLike<Engine>" },
        { name: "options", type: `ClientOptions<${keysType(model)}>`, hasQuestionToken: true },
      ],
      returnType: `Promise<${asyncType} & Connected>`,
      statements: [`return new ${className}(descriptor, await engine, options).connected();`],
    },
  ];
}

/** Returns the method that creates a client for tests; nothing for a client without methods. */
function fakeTemplate({ className, fakesType }: NamedModel): OptionalKind<MethodDeclarationStructure>[] {
  if (fakesType === undefined) return [];
  return [
    {
      name: "fake",
      isStatic: true,
      docs: [
        block(
          "Creates a client for tests, which needs neither the model nor TensorFlow: functions stand in for the signatures.",
          "",
          "@param methods the functions; their inputs and results are checked like those of the model",
        ),
      ],
      parameters: [{ name: "methods", type: fakesType }],
      returnType: className,
      statements: [`return new ${className}(descriptor, { fake: methods });`],
    },
  ];
}

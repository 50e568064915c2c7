import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { generate, inspect, type ModelInfo } from "../../../generator/index.js";
import { MODEL_FILES } from "../../../runtime/saved-model/files/model-file.js";
import { expectError } from "../../support/errors.js";
import { hasShared, NO_SHARED, shared } from "../../support/needs.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

const generated = fileURLToPath(new URL("../../../generated", import.meta.url));
const models = modelsIn(modelFolder(""));
const examples = fileURLToPath(new URL("../../../examples/models", import.meta.url));
const folders = [...models.map((name) => modelFolder(name)), ...modelsIn(examples).map((name) => join(examples, name))];

function modelsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => MODEL_FILES.some((file) => existsSync(join(folder, name, file))));
}

describe.each(folders.map((folder) => [basename(folder), folder]))("the client of %s", (_, folder) => {
  const client = generate(folder, { outputFolder: generated });

  it("is identical to the file in generated/ (`npm run generate` updates it)", () => {
    expect(client.text).toBe(readFileSync(join(generated, client.fileName), "utf8"));
  });

  it("is the same every time", () => {
    expect(generate(folder, { outputFolder: generated }).text).toBe(client.text);
  });

  it("has the planned statements and members, and no others", () => {
    const file = ts.createSourceFile(client.fileName, client.text, ts.ScriptTarget.ES2023, true);
    // The interfaces of inputs and outputs, of which equal ones are one.
    const types = new Set(
      client.text.match(/(?<=this: void,\s+inputs: |\): )[\p{ID_Continue}]+(?:Inputs|Outputs)\d*(?=[,);])/gu),
    );
    // Those of what the functions of a fake get and return by name.
    const fakeTypes = new Set(
      client.text.match(/(?<=[(]inputs: |\) => )Fake[\p{ID_Continue}]+(?:Inputs|Outputs)\d*(?=[);])/gu),
    );
    const callable = client.description.signatures.filter(({ unsupported }) => unsupported === undefined);
    expect(file.statements.map(({ kind }) => ts.SyntaxKind[kind])).toEqual([
      "ImportDeclaration",
      ...distinctExamples(client.description).map(() => "InterfaceDeclaration"),
      ...[...types].map(() => "InterfaceDeclaration"),
      "ClassDeclaration",
      ...[...fakeTypes].map(() => "InterfaceDeclaration"),
      // Of promises, and of functions for a fake.
      ...(callable.length === 0 ? [] : ["InterfaceDeclaration", "InterfaceDeclaration"]),
      "FirstStatement",
    ]);
    const [clientClass] = file.statements.filter(ts.isClassDeclaration);
    // `load` and `loadAsync`, and `connect` and `fake` where there is a method.
    const made = callable.length === 0 ? 2 : 4;
    const accessors = clientClass?.members.filter(ts.isGetAccessorDeclaration) ?? [];
    expect(accessors.map(({ name }) => name.getText())).toEqual(callable.length === 0 ? [] : ["async"]);
    // Two declarations of each method, and one more of those that take inputs by name.
    const named =
      clientClass?.members.filter((member) => /\(\s*this: void,\s+inputs: \w+Inputs\d*[,)]/.test(member.getText())) ??
      [];
    const methods = made + 2 * callable.length + named.length;
    expect(clientClass?.members.filter(ts.isMethodDeclaration).length).toBe(methods);
    expect(clientClass?.members.length).toBe(accessors.length + methods);
  });

  it("contains every raw key unchanged", () => {
    const literals = new Set<string>();
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteral(node)) literals.add(node.text);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(client.fileName, client.text, ts.ScriptTarget.ES2023, true));
    for (const { key, inputs, outputs, unsupported } of client.description.signatures) {
      if (unsupported !== undefined) continue;
      for (const raw of [key, ...[...inputs, ...outputs].map((tensor) => tensor.key)]) expect(literals).toContain(raw);
      for (const { key } of inputs.flatMap(({ example }) => example ?? [])) expect(literals).toContain(key);
    }
  });
});

describe("generated code", () => {
  it("generated code compiles under strict rules in a user's project", () => {
    expect(
      typeErrors(Object.fromEntries(models.map((name) => [`${name}.ts`, generate(modelFolder(name)).text]))),
    ).toEqual([]);
  });

  it("generated code of every third-party model compiles", ({ skip }) => {
    skip(!hasShared, NO_SHARED);
    const names = readdirSync(shared).filter((name) => existsSync(join(shared, name, "saved_model.pb")));
    expect(names.length).toBeGreaterThan(20);
    expect(
      typeErrors(Object.fromEntries(names.map((name) => [`${name}.ts`, generate(join(shared, name)).text]))),
    ).toEqual([]);
  });

  it("types accept matching calls and reject others", () => {
    const files = {
      "custom-model.ts": generate(modelFolder("custom_model")).text,
      "regression.ts": generate(modelFolder("regression")).text,
      "dtypes.ts": generate(modelFolder("dtypes")).text,
      "text.ts": generate(modelFolder("text")).text,
      "use.ts": readFileSync(new URL("../../typings/use.ts", import.meta.url), "utf8"),
    };
    expect(typeErrors(files)).toEqual([]);
  });
});

describe("inspect", () => {
  it("inspect lists operations, variables and assets", () => {
    const { operations, unknownOperations, variables, assets } = inspect(modelFolder("text"));
    expect(operations).toEqual(expect.arrayContaining(["LookupTableFindV2", "StatefulPartitionedCall", "StringJoin"]));
    expect([unknownOperations, variables, assets]).toEqual([[], [], ["vocabulary.txt"]]);
    expect(inspect(modelFolder("regression")).variables).toContainEqual({
      name: "w",
      dtype: "float32",
      shape: [2, 1],
      trainable: true,
      path: "w",
    });
  });

  it.for<[string, string[]]>([
    ["stfs-custom-op", ["ZeroOut"]],
    [
      "ydf-adult-gbdt",
      ["SimpleMLCreateModelResource", "SimpleMLInferenceOpWithHandle", "SimpleMLLoadModelFromPathWithHandle"],
    ],
    ["guesslang", []],
  ])("knows which operations of %s TensorFlow does not have", ([name, unknown], { skip }) => {
    skip(!hasShared, NO_SHARED);
    expect(inspect(join(shared, name)).unknownOperations).toEqual(unknown);
    expect(generate(join(shared, name)).notes.some((note) => note.includes("does not have"))).toBe(unknown.length > 0);
  });
});

describe("generate", () => {
  it("generate names the class after the folder, a version's parent, or the option", () => {
    expect(generate(modelFolder("custom_model")).className).toBe("CustomModel");
    expect(generate(modelFolder("custom_model"), { className: "myModel" })).toMatchObject({
      className: "myModel",
      fileName: "my-model.ts",
    });
  });

  it("generate rejects unknown and invalid options", () => {
    const folder = modelFolder("custom_model");
    for (const className of ["no name", "Model", "class", "", 5 as never]) {
      expectError(() => generate(folder, { className }), "INVALID_OPTION");
    }
    expect(expectError(() => generate(folder, { classname: "X" } as object), "INVALID_OPTION").message).toContain(
      'Did you mean "className"?',
    );
    expectError(() => inspect(folder, { tags: "serve" as never }), "INVALID_OPTION");
    expectError(() => inspect(folder, null as never), "INVALID_ARGUMENT");
  });

  it("generate rejects a folder that is not a SavedModel", () => {
    expectError(() => generate(tempFolder()), "NOT_A_SAVED_MODEL");
    expectError(() => inspect(join(tempFolder(), "none")), "MODEL_NOT_FOUND");
    expectError(() => inspect(modelFolder("custom_model"), { tags: ["train"] }), "TAGS_NOT_FOUND");
  });

  it("generate omits signatures that cannot run, and says so", () => {
    const { text, notes } = generate(modelFolder("dtypes"));
    expect(notes).toContain('signature "no_outputs" is omitted: it has no outputs, so there is nothing to run');
    expect(text).not.toContain("noOutputs");
  });
});

it("every generated file belongs to a model", () => {
  const expected = folders.map((folder) => generate(folder).fileName).sort();
  expect(
    readdirSync(generated)
      .map((file) => basename(file))
      .sort(),
  ).toEqual(expected);
});

/** The sets of features that signatures of the client parse. */
function distinctExamples({ signatures }: ModelInfo): readonly string[] {
  const inputs = signatures.flatMap((signature) => (signature.unsupported === undefined ? signature.inputs : []));
  return [...new Set(inputs.flatMap(({ example }) => (example === undefined ? [] : [JSON.stringify(example)])))];
}

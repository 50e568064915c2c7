import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type GeneratedClient, generate } from "../../../generator/index.js";
import { compareNatural } from "../../../runtime/base/text.js";
import { Model } from "../../../runtime/index.js";
import { type ParsedClient, parseClient } from "../../support/client.js";
import { hostileFolder, hostileModel } from "../../support/hostile.js";
import { type ModelFields, type SignatureFields, type TensorFields, writeModel } from "../../support/saved-model.js";
import { tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The dtypes that have a TypeScript type, by their number in tensorflow/core/framework/types.proto. */
const DTYPES: ReadonlyMap<number, string> = new Map([
  [1, "float32"],
  [2, "float64"],
  [3, "int32"],
  [4, "uint8"],
  [5, "int16"],
  [6, "int8"],
  [7, "string"],
  [8, "complex64"],
  [9, "int64"],
  [10, "bool"],
  [11, "qint8"],
  [12, "quint8"],
  [13, "qint32"],
  [14, "bfloat16"],
  [15, "qint16"],
  [16, "quint16"],
  [17, "uint16"],
  [18, "complex128"],
  [19, "float16"],
  [22, "uint32"],
  [23, "uint64"],
]);

const HIDDEN = ["__saved_model_init_op", "__saved_model_train_op"];

/** Characters that must not reach a reader: those that act on the screen, and invisible ones. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;

describe("arbitrary names", () => {
  it("a client with arbitrary names has the planned statements, members, names and values, and no others", () => {
    const folder = tempFolder();
    fc.assert(
      fc.property(hostileModel, hostileFolder, (model, name) => {
        const client = generateFrom(join(folder, name), model);
        const parsed = parseClient(client.text);
        expectPlanned(parsed, client, model);
        expectValues(parsed, client, model, relative(root, join(folder, name)));
        expect(client.text.replaceAll("\n", "")).not.toMatch(UNSEEN);
        expect(generateFrom(join(folder, name), reversed(model)).text).toBe(client.text);
      }),
      { numRuns: 2000 },
    );
  });

  it("a client with arbitrary names compiles under strict rules", () => {
    const folder = tempFolder();
    const seed = Math.floor(Math.random() * 2 ** 31);
    const clients = fc
      .sample(fc.tuple(hostileModel, hostileFolder), { numRuns: 1000, seed })
      .map(([model, name]) => generateFrom(join(folder, name), model).text);
    const files = Object.fromEntries(clients.map((text, index) => [`client-${index}.ts`, text]));
    expect(typeErrors(files), `seed ${seed}`).toEqual([]);
  });

  it.each(["/*", "//", "`", "${", "'", '"', "/x/"])(
    "a signature key that ends with a backslash, and one with %s, leave the code around them as it is",
    (sequence) => {
      const tensor = { dtype: 1, shape: [2], tensor: "x:0" };
      const keys = ["a\\", `b${sequence}c`];
      const signatures = keys.map((key) => ({
        key,
        methodName: "",
        inputs: [{ key: `x${key}`, ...tensor }],
        outputs: [{ key: `y${key}`, ...tensor }],
      }));
      const model = { tags: ["t\\"], tensorflowVersion: "", signatures };
      const client = generateFrom(join(tempFolder(), "ends"), model);
      expectPlanned(parseClient(client.text), client, model);
      expect(typeErrors({ "ends.ts": client.text })).toEqual([]);
    },
  );
});

describe("reserved and special words", () => {
  const keywords = Array.from(
    { length: ts.SyntaxKind.LastKeyword - ts.SyntaxKind.FirstKeyword + 1 },
    (_, index) => ts.tokenToString(ts.SyntaxKind.FirstKeyword + index) ?? "",
  );
  const words = [
    ...keywords,
    ...[globalThis, Object.prototype, Function.prototype, Model, Model.prototype].flatMap(Object.getOwnPropertyNames),
    ..."Tensor TensorLike LoadOptions CallOptions ResultOptions ClientOptions Connected Engine ModelSpec AnyShape descriptor directory options inputs exports".split(
      " ",
    ),
  ];

  it("reserved words can name signatures, inputs and outputs", () => {
    const tensors = (key: string): TensorFields[] =>
      [key, "other"].map((name) => ({ key: name, dtype: 1, shape: [2], tensor: "x:0" }));
    const signatures = [...new Set(words)].map((key) => ({
      key,
      methodName: "",
      inputs: tensors(key),
      outputs: tensors(key),
    }));
    const { text, methods } = generateFrom(join(tempFolder(), "words"), {
      tags: [],
      tensorflowVersion: "",
      signatures,
    });
    expect(methods.length).toBe(signatures.length);
    expect(typeErrors({ "words.ts": text })).toEqual([]);
  });

  it("reserved words name the class with a suffix, or are rejected", () => {
    const folder = join(tempFolder(), "words");
    writeModel(folder, { tags: [], tensorflowVersion: "", signatures: [] });
    const files: Record<string, string> = {};
    for (const [index, className] of words.entries()) {
      try {
        files[`client-${index}.ts`] = generate(folder, { className }).text;
      } catch (error) {
        expect(error).toMatchObject({ code: "INVALID_OPTION" });
      }
    }
    expect(Object.keys(files).length).toBeGreaterThan(100);
    expect(typeErrors(files)).toEqual([]);
  });
});

function generateFrom(folder: string, model: ModelFields): GeneratedClient {
  writeModel(folder, model);
  return generate(folder, { outputFolder: root });
}

/** The same model, in another order: that of a proto map means nothing. */
function reversed(model: ModelFields): ModelFields {
  const signatures = model.signatures.map((signature) => ({
    ...signature,
    inputs: signature.inputs.toReversed(),
    outputs: signature.outputs.toReversed(),
  }));
  return { ...model, tags: model.tags.toReversed(), signatures: signatures.toReversed() };
}

function expectPlanned(parsed: ParsedClient, { className, methods }: GeneratedClient, model: ModelFields): void {
  const callable = callableOf(model);
  expect(parsed.statements).toEqual([
    "ImportDeclaration",
    ...parsed.interfaces.map(() => "InterfaceDeclaration"),
    "ClassDeclaration",
    ...parsed.fakeInterfaces.map(() => "InterfaceDeclaration"),
    ...(callable.length === 0 ? [] : ["InterfaceDeclaration", "InterfaceDeclaration"]),
    "FirstStatement",
  ]);
  expect([...parsed.tags].filter((tag) => !["param", "returns", "throws"].includes(tag))).toEqual([]);
  expect(parsed.className).toBe(className);
  const all = [...parsed.interfaces, ...parsed.fakeInterfaces];
  expectDistinct([className, ...all.map(({ name }) => name)]);
  for (const { properties } of all) expectDistinct(properties);

  expectDistinct(methods);
  const named = callable.map(takesNames);
  expect(parsed.methods.map(({ name, implemented }) => [name, implemented])).toEqual(
    methods.flatMap((method, index) => [
      ...(named[index] === true ? [[method, false]] : []),
      [method, false],
      [method, true],
    ]),
  );
  const declarations = declarationsOf(parsed);
  const counts = callable.flatMap((signature, index) => {
    const options = takesOptions(signature) ? 1 : 0;
    return (named[index] === true ? [1 + options] : []).concat(signature.inputs.length + options);
  });
  expect(declarations.map(({ parameters }) => parameters.length)).toEqual(counts);
  const interfaces = new Map(parsed.interfaces.map(({ name, properties }) => [name, properties]));
  const used = new Set<string>();
  for (const [index, signature] of callable.entries()) {
    const { inputs, outputs } = signature;
    const [first, second] = declarations.filter(({ name }) => name === methods[index]);
    const [type = ""] = first?.parameterTypes ?? [];
    if (named[index] === true) {
      used.add(type);
      expect(first?.parameters).toEqual(takesOptions(signature) ? ["inputs", "options"] : ["inputs"]);
      expect(interfaces.get(type)).toHaveLength(inputs.length);
      expect(first?.returns).toBe(second?.returns);
    }
    if (outputs.length > 1) {
      used.add(first?.returns ?? "");
      expect(interfaces.get(first?.returns ?? "")).toHaveLength(outputs.length);
    }
  }
  expect([...interfaces.keys()].sort()).toEqual([...used].sort());
  expectPromises(parsed);
  expect(parsed.fakes).toEqual(
    methods.map((name, index) => {
      const inOrder = declarations.findLast((declaration) => declaration.name === name);
      const inputs = inOrder?.parameters.slice(0, callable[index]?.inputs.length);
      return { name, parameters: named[index] === true ? ["inputs"] : inputs };
    }),
  );
  for (const { parameters, tags } of declarations) {
    expectDistinct(parameters);
    expect(tags).toEqual([...parameters.map((name) => `@param ${name}`), "@returns", "@throws"]);
  }
}

/** Returns whether a method takes one object: the graph of these models does not tell the order of inputs. */
function takesNames({ inputs }: SignatureFields): boolean {
  if (inputs.length < 2) return false;
  const [{ dtype, shape } = { dtype: 0, shape: [] }] = byNaturalOrder(inputs);
  const isComplex = dtypeOf(dtype)?.startsWith("complex") === true && (shape?.length ?? 0) === 0;
  const isNumber = ["re", "im"].every((name) => inputs.some(({ key }) => key === name));
  return !isComplex || !isNumber || inputs.some(({ byDefault }) => byDefault === undefined);
}

/** Returns whether a method takes options: for the memory of a result. */
function takesOptions({ outputs }: SignatureFields): boolean {
  return outputs.some(({ dtype, shape }) => dtypeOf(dtype) !== "string" && shape?.length !== 0);
}

function byNaturalOrder(inputs: readonly TensorFields[]): readonly TensorFields[] {
  return [...inputs].sort((a, b) => compareNatural(a.key, b.key));
}

/** Returns what callers see of the methods, which are bound and need no `this`. */
function declarationsOf({ methods }: Pick<ParsedClient, "methods">): ParsedClient["methods"] {
  return methods
    .filter(({ implemented }) => !implemented)
    .map(({ parameters: [receiver, ...parameters], parameterTypes: [, ...parameterTypes], ...method }) => {
      expect(receiver).toBe("this");
      return { ...method, parameters, parameterTypes };
    });
}

/** Each method has a promise of the same, and always takes options. */
function expectPromises({ asyncMethods, ...parsed }: ParsedClient): void {
  const overloads = declarationsOf(parsed);
  expect(asyncMethods.map(({ name, returns }) => [name, returns])).toEqual(
    overloads.map(({ name, returns }) => [name, `Promise<${returns}>`]),
  );
  for (const [index, { parameters: all, tags }] of asyncMethods.entries()) {
    const [receiver, ...parameters] = all;
    expect(receiver).toBe("this");
    const { parameters: own = [], parameterTypes = [] } = overloads[index] ?? {};
    const hasOptions = parameterTypes.at(-1)?.startsWith("ResultOptions<") === true;
    expect(parameters.slice(0, hasOptions ? undefined : -1)).toEqual(own);
    expectDistinct(parameters);
    expect(tags).toEqual([...parameters.map((name) => `@param ${name}`), "@returns", "@throws"]);
  }
}

function expectDistinct(names: readonly string[]): void {
  expect(new Set(names).size, names.join()).toBe(names.length);
  for (const name of names) expect(name.normalize("NFC")).toBe(name);
}

function expectValues(parsed: ParsedClient, client: GeneratedClient, model: ModelFields, directory: string): void {
  expect(sorted(parsed.descriptor)).toEqual(
    sorted({
      name: client.className,
      directory,
      tags: [...new Set(model.tags)].sort(),
      signatures: callableOf(model).map(({ key, inputs, outputs }, index) => ({
        key,
        ...(client.methods[index] === key ? {} : { method: client.methods[index] }),
        inputs: inputs.map((input) => ({ ...descriptorOf(input), ...(input.byDefault && { optional: true }) })),
        outputs: outputs.map(descriptorOf),
      })),
    }),
  );
  const interfaces = new Map(parsed.interfaces.map(({ name, properties }) => [name, properties]));
  const { signatures } = parsed.descriptor as { signatures: Record<"inputs" | "outputs", { property?: string }[]>[] };
  for (const [index, { inputs, outputs }] of signatures.entries()) {
    const declaration = declarationsOf(parsed).find(({ name }) => name === client.methods[index]);
    const named = takesNames(callableOf(model)[index] as SignatureFields);
    const names = interfaces.get((named && declaration?.parameterTypes[0]) || "");
    expect(inputs.map(({ property }) => property)).toEqual(names ?? inputs.map(() => undefined));
    const properties = outputs.map(({ property }) => property);
    expect(properties).toEqual(
      outputs.length > 1 ? interfaces.get(declaration?.returns ?? "") : outputs.map(() => undefined),
    );
  }
}

function descriptorOf({ key, dtype, shape }: TensorFields): object {
  return {
    key,
    dtype: dtypeOf(dtype),
    shape: shape?.map((size) => (size < 0 ? null : size)) ?? null,
  };
}

/** A descriptor with its tensors sorted by key and without the names of properties, which are compared apart. */
function sorted(descriptor: unknown): unknown {
  const byKey = (tensors: readonly { key: string; property?: string }[]): unknown =>
    tensors.map(({ property: _, ...tensor }) => tensor).sort(({ key: a }, { key: b }) => (a < b ? -1 : 1));
  return JSON.parse(JSON.stringify(descriptor), (name, value) =>
    name === "inputs" || name === "outputs" ? byKey(value) : value,
  );
}

/** The signatures that become methods, in the order of their keys. */
function callableOf({ signatures }: ModelFields): readonly SignatureFields[] {
  return signatures
    .filter(({ key, inputs, outputs }) => {
      const plain = [...inputs, ...outputs].every(
        ({ dtype, tensor, encoding }) => dtypeOf(dtype) !== undefined && tensor !== "" && encoding === undefined,
      );
      return plain && outputs.length > 0 && !HIDDEN.includes(key);
    })
    .sort(({ key: a }, { key: b }) => (a < b ? -1 : 1));
}

/** A reference dtype of TensorFlow 1 counts as the plain one. */
function dtypeOf(code: number): string | undefined {
  return DTYPES.get(code > 100 ? code - 100 : code);
}

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Contradictions } from "../../../generated/contradictions.js";
import { generate, inspect } from "../../../generator/index.js";
import { Model, type ModelSpec, Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { writeModel } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

const folder = modelFolder("contradictions");
const x = [
  [1, 2],
  [3, 4],
];

function signature(key: string) {
  return inspect(folder).signatures.find((each) => each.key === key);
}

describe("a signature that contradicts its graph", () => {
  it.each([
    ["dtype", 'input "x" is float32 [?, 2] in the graph, not int32 [?, 2]'],
    ["rank", 'input "x" is float32 [?, 2] in the graph, not float32 scalar'],
    ["size", 'output "y" is float32 [?, 2] in the graph, not float32 [?, 3]'],
  ])("a signature that contradicts its graph in %s follows the graph, with a note", (key, note) => {
    const found = signature(key);
    expect(found?.notes).toEqual([note]);
    expect(found?.unsupported).toBeUndefined();
    expect(found?.inputs).toMatchObject([{ dtype: "float32", shape: [null, 2] }]);
    expect(found?.outputs).toMatchObject([{ dtype: "float32", shape: [null, 2] }]);
    expect(generate(folder).notes).toContain(`signature "${key}" contradicts its graph: ${note}`);
  });

  it("a missing shape is taken from the graph", () => {
    expect(signature("shapeless")).toMatchObject({ inputs: [{ shape: [null, 2] }], outputs: [{ shape: [null, 2] }] });
    expect(signature("shapeless")?.notes).toBeUndefined();
  });

  it("a shape that is missing in both has unknown rank, and is not a scalar", () => {
    const unknown = tempFolder();
    const tensor = { key: "x", dtype: 1, shape: undefined, tensor: "x:0" } as const;
    const model = { tags: ["serve"], tensorflowVersion: "" };
    writeModel(unknown, { ...model, signatures: [{ key: "f", methodName: "", inputs: [tensor], outputs: [tensor] }] });
    expect(inspect(unknown).signatures).toMatchObject([{ inputs: [{ shape: null }], outputs: [{ shape: null }] }]);
  });

  it.each([
    ["missing", 'input "x" is the tensor "nowhere:0", which is not in the graph'],
    ["index", 'output "y" is the tensor "y:1", which is not in the graph'],
  ])("omits a signature whose tensor is invalid: %s", (key, reason) => {
    expect(signature(key)?.unsupported).toBe(reason);
    expect(generate(folder).notes).toContain(`signature "${key}" is omitted: ${reason}`);
    using model = Model.load(folder);
    expect(expectError(() => model.run(key, { x }), "SIGNATURE_UNSUPPORTED").message).toContain(reason);
  });

  it("load rejects an omitted signature that the client has a method for", () => {
    const tensor = (key: string) => ({ key, dtype: "float32", shape: [null, 2] }) as const;
    const descriptor: ModelSpec = {
      name: "Client",
      directory: "unused",
      tags: ["serve"],
      signatures: [{ key: "missing", inputs: [tensor("x")], outputs: [tensor("y")] }],
    };
    class Client extends Model {
      constructor() {
        super(descriptor, folder);
      }
    }
    const { message } = expectError(() => new Client(), "SIGNATURE_MISMATCH");
    expect(message).toContain(
      '"missing" cannot be run: input "x" is the tensor "nowhere:0", which is not in the graph',
    );
  });

  it("calls take what the graph takes", () => {
    using model = Contradictions.load(folder);
    for (const key of ["dtype", "rank", "shapeless", "size"] as const) {
      expect(model[key](x).toArray()).toEqual([
        [0.5, 1],
        [1.5, 2],
      ]);
    }
  });
});

describe("an input with a default in the graph", () => {
  it("an input with a default in the graph is optional, with its value in the comment", () => {
    using model = Contradictions.load(folder);
    expect(model.optional(undefined, [[2, 4]]).toArray()).toEqual([[1, 2]]);
    expect(model.optional(3, [[2, 4]]).toArray()).toEqual([[6, 12]]);
    const text = readFileSync(new URL("../../../generated/contradictions.ts", import.meta.url), "utf8");
    expect(text).toContain("@param scale `scale`: float32 scalar, `0.5` when omitted");
  });

  it("an input may have a default that the graph computes", () => {
    expect(signature("random")?.inputs).toMatchObject([{ key: "offset", optional: true }, { key: "x" }]);
    expect(signature("random")?.inputs[0]?.default).toBeUndefined();
    using model = Contradictions.load(folder);
    const [[first = 0] = []] = model.random(undefined, [[1, 1]]).toArray() as number[][];
    expect(first).toBeGreaterThanOrEqual(1);
    expect(first).toBeLessThan(2);
  });
});

describe("scalar strings that hold bytes", () => {
  const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

  it("a method returns a scalar string that holds bytes as bytes, and text as a string", () => {
    using model = Contradictions.load(folder);
    const { png, text } = model.encode(x);
    const bytes: Uint8Array = png;
    expect([...bytes.slice(0, 8)]).toEqual(PNG);
    expect(text).toBe("10.000000");
    expect(model.encode(x).png).toEqual(png);
  });

  it("run() returns a scalar string that holds bytes as a tensor", () => {
    using model = Model.load(folder);
    const { png } = model.run("encode", { x });
    expect([...((png as Tensor<"string">).bytes[0] ?? [])].slice(0, 8)).toEqual(PNG);
  });

  it("a fake's bytes for a scalar string are copied", () => {
    const bytes = Uint8Array.from([255, 0]);
    using fake = Contradictions.fake({ encode: () => ({ png: bytes, text: "t" }) });
    const { png, text } = fake.encode(x);
    bytes.fill(1);
    expect([png, text]).toEqual([Uint8Array.from([255, 0]), "t"]);
    expect(fake.run("encode", { x }).png).toBeInstanceOf(Tensor);
  });
});

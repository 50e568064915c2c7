import { closeSync, openSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate, inspect } from "../../../generator/index.js";
import { expectError } from "../../support/errors.js";
import {
  encodeMessage,
  encodeModel,
  type ModelFields,
  type TensorFields,
  writeModel,
} from "../../support/saved-model.js";
import { tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";
import { delimited, nested, nestedGroups, tagOf, varint } from "../../support/wire.js";

const scalar: Omit<TensorFields, "key"> = { dtype: 1, shape: [], tensor: "x:0" };

function modelOf(inputs: readonly TensorFields[], outputs: readonly TensorFields[]): ModelFields {
  return { tags: ["serve"], tensorflowVersion: "", signatures: [{ key: "run it", methodName: "", inputs, outputs }] };
}

/** The cause distinguishes errors of the decoder from later ones. */
function expectRefused(bytes: Uint8Array, cause: RegExp): void {
  const folder = tempFolder();
  writeFileSync(join(folder, "saved_model.pb"), bytes);
  expect(String(expectError(() => inspect(folder), "MODEL_CORRUPT").cause)).toMatch(cause);
}

describe("a file", () => {
  it("rejects a file of more than 2 GiB without reading it", () => {
    const folder = tempFolder();
    const file = join(folder, "saved_model.pb");
    closeSync(openSync(file, "w"));
    truncateSync(file, 2 ** 31 + 1);
    const before = process.resourceUsage().maxRSS;
    expect(expectError(() => inspect(folder), "MODEL_CORRUPT").message).toContain("larger than 2 GiB");
    expectError(() => generate(folder), "MODEL_CORRUPT");
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024);
  });

  it("rejects an empty file", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "saved_model.pb"), "");
    expect(expectError(() => inspect(folder), "MODEL_CORRUPT").message).toContain("holds no meta graph");
  });
});

describe("a length", () => {
  const claims = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52].map(varint);
  const places: [string, (length: Uint8Array) => Uint8Array][] = [
    ["of a meta graph", (length) => Buffer.concat([tagOf(2, 2), length])],
    ["of a signature", (length) => delimited(2, Buffer.concat([tagOf(5, 2), length]))],
    ["of a string", (length) => delimited(2, delimited(5, Buffer.concat([tagOf(1, 2), length])))],
    ["of an unknown field", (length) => delimited(2, Buffer.concat([tagOf(99, 2), length]))],
    ["of a node", (length) => delimited(2, delimited(2, Buffer.concat([tagOf(1, 2), length])))],
  ];
  it.each(places)("rejects a length %s beyond the end of the file", (_, place) => {
    const before = process.memoryUsage().arrayBuffers;
    for (const claim of claims) expectRefused(place(claim), /index out of range|invalid length encoding/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});

describe("deeply nested messages", () => {
  const tensor = delimited(1, delimited(2, nested([5, 2], 100_000)));
  it.each([
    ["tensors within tensors", delimited(2, delimited(5, delimited(2, tensor)))],
    ["groups", delimited(2, nestedGroups(99, 100_000))],
    ["groups without an end", Buffer.concat(Array(100_000).fill(tagOf(99, 3)))],
    ["groups in a graph", delimited(2, delimited(2, nestedGroups(99, 100_000)))],
  ])("rejects messages nested too deeply: %s", (_, bytes) => {
    expectRefused(bytes, /max depth exceeded/);
  });
});

it("accepts a missing graph", () => {
  const folder = tempFolder();
  const metaInfoDef = { tags: ["serve"] };
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs: [{ metaInfoDef }] }));
  expect(inspect(folder)).toMatchObject({ tags: ["serve"], signatures: [] });
});

it("a default without elements takes no memory, whatever its other dimensions", () => {
  const folder = tempFolder();
  const byDefault = { dtype: 1, tensorShape: { dim: [{ size: 1_000_000 }, { size: 0 }] } };
  writeModel(folder, modelOf([{ key: "x", ...scalar, byDefault }], [{ key: "y", ...scalar }]));
  expect(JSON.stringify(inspect(folder)).length).toBeLessThan(10_000);
});

it("rejects strings that are not UTF-8", () => {
  const bytes = Buffer.from(encodeModel(modelOf([], [{ key: "key", ...scalar }])));
  bytes[bytes.indexOf("key")] = 0xff;
  expectRefused(bytes, /not valid for encoding utf-8/);
});

describe("a large model", () => {
  it("generates a model with 20,000 keys without a usable character", () => {
    const folder = tempFolder();
    const keys = Array.from({ length: 20_000 }, (_, index) =>
      index.toString(2).replace(/./g, (digit) => (digit === "0" ? "👋" : "👍")),
    );
    const tensors = keys.map((key) => ({ key, ...scalar }));
    writeModel(folder, modelOf(tensors.slice(0, 2000), tensors));
    const { notes } = generate(folder);
    expect(notes.length).toBeGreaterThanOrEqual(21_000);
  });

  it("a model with the highest rank and the largest dimensions compiles", () => {
    const folder = tempFolder();
    const shapes = [...[254, 17, 16].map((rank) => Array(rank).fill(2)), Array(16).fill(-1), [2 ** 53, 100_000]];
    const tensors = shapes.map((shape, index) => ({ key: `x_${index}`, dtype: 1, tensor: "x:0", shape }));
    writeModel(folder, modelOf(tensors, tensors));
    expect(typeErrors({ "client.ts": generate(folder).text })).toEqual([]);
  });

  const outputs = [{ key: "y", ...scalar }];
  function writeSignatures(folder: string, count: number): void {
    const keys = Array.from({ length: count }, (_, index) => `run_${index}`);
    const signatures = keys.map((key) => ({ key, methodName: "", inputs: [], outputs }));
    writeModel(folder, { tags: [], tensorflowVersion: "", signatures });
  }

  it("generates a model with 3,000 signatures", () => {
    const folder = tempFolder();
    writeSignatures(folder, 3000);
    expect(generate(folder).methods.length).toBe(3000);
  });

  it("rejects a model with more signatures, and generates the selected ones", () => {
    const folder = tempFolder();
    writeSignatures(folder, 3001);
    expect(expectError(() => generate(folder), "MODEL_TOO_LARGE").message).toContain("would have 3001 methods");
    expect(inspect(folder).signatures).toHaveLength(3001);
    expect(generate(folder, { signatures: ["run_7"] }).methods).toEqual(["run7"]);
  });

  it.each([
    ["2,001 inputs in a signature", 2001, 1, "2001 parameters"],
    ["50,001 inputs and outputs", 2000, 48_001, "50001 parameters, results and features"],
  ])("rejects a model of %s", (_, inputs, outputs, message) => {
    const folder = tempFolder();
    const tensors = (count: number): TensorFields[] =>
      Array.from({ length: count }, (_, index) => ({ key: `x${index}`, ...scalar }));
    writeModel(folder, modelOf(tensors(inputs), tensors(outputs)));
    expect(expectError(() => generate(folder), "MODEL_TOO_LARGE").message).toContain(message);
  });
});

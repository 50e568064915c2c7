import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Model, RaggedTensor, SparseTensor, type Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
import { tempFolder } from "../../../support/temp.js";

/** A model that Python wrote: see loads.py. */
function modelOf(name: string): string {
  return fileURLToPath(new URL(`loads/${name}`, import.meta.url));
}

interface Answer {
  readonly signature: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const answers: Readonly<Record<string, readonly Answer[]>> = JSON.parse(readFileSync(modelOf("values.json"), "utf8"));

function load(name: string, directory: string = modelOf(name)): Model {
  return name.startsWith("hub") ? Model.load(directory, { tags: [] }) : Model.load(directory);
}

/** Results as nested arrays of numbers and strings; a sparse one as a dense matrix of two columns. */
function plain(value: unknown): unknown {
  if (value instanceof SparseTensor) {
    const [rows = 0, columns = 0] = value.shape;
    const dense = Array.from({ length: rows }, () => new Array(columns).fill(0));
    const values = [...(value.values as Tensor<"float32">).data];
    const places = [...value.indices.data].map(Number);
    values.forEach((element, index) => {
      const row = dense[places[2 * index] ?? -1];
      if (row !== undefined) row[places[2 * index + 1] ?? -1] = element;
    });
    return dense;
  }
  return value instanceof RaggedTensor ? value.toArray() : (value as Tensor).toArray();
}

function expectAnswers(model: Model, name: string): void {
  for (const { signature, inputs, outputs } of answers[name] ?? []) {
    const results = model.run(signature, inputs);
    const actual = Object.fromEntries(Object.entries(results).map(([key, value]) => [key, plain(value)]));
    expect(Object.keys(actual).sort()).toEqual(Object.keys(outputs).sort());
    for (const [key, expected] of Object.entries(outputs)) expectClose(actual[key], expected);
  }
}

function expectClose(actual: unknown, expected: unknown): void {
  if (!Array.isArray(expected)) {
    if (typeof expected === "number") expect(Math.abs(Number(actual) - expected)).toBeLessThan(1e-4);
    else expect(actual).toEqual(expected);
    return;
  }
  expect(actual).toHaveLength(expected.length);
  for (const [index, element] of expected.entries()) expectClose((actual as readonly unknown[])[index], element);
}

describe("loaded models", () => {
  it.each([
    ["ragged", "Keras 3 writes variables twice, and all results are ragged"],
    ["sparse", "Keras 3 writes variables twice, and all results are sparse"],
    ["ragged_skip_saver", "the same without a saver"],
    ["skip_saver", "no saver: a variable, a generator, mutable, dense and static tables"],
    ["mirrored", "a variable with a replica for each device"],
    ["tables", "no operation initialises the tables, of which one is read from an asset"],
    ["hub_reference", "no saver: divided references of TensorFlow 1"],
    ["hub_resource", "no saver: divided variables of TensorFlow 1"],
    ["local", "a local variable is in no checkpoint"],
    ["init_signature", "a signature that needs no absent variable"],
    ["traces", "two traces of a function with a ragged argument, of other shapes"],
  ])("returns Python's results after a load: %s: %s", (name) => {
    using model = load(name);
    expectAnswers(model, name);
  });

  it("keeps the values of two loads separate", () => {
    using first = load("skip_saver");
    using second = load("skip_saver");
    first.run("draw");
    expectAnswers(second, "skip_saver");
  });

  it("finds assets and checkpoints in a folder that was moved", () => {
    for (const name of ["tables", "skip_saver", "hub_resource"]) {
      const folder = join(tempFolder(), "moved");
      cpSync(modelOf(name), folder, { recursive: true });
      using model = load(name, folder);
      expectAnswers(model, name);
    }
  });

  it("trains each replica of a distributed variable from the same value", () => {
    using model = load("mirrored");
    // Both have [2, 3], and each is assigned its own.
    expect(plain(model.run("add", { x: 1 }).w)).toEqual([3, 4]);
    expect(plain(model.run("both", { x: [1, 1] }).y)).toEqual([6, 8]);
    const folder = join(tempFolder(), "saved");
    model.save(folder);
    using saved = Model.load(folder);
    expect(plain(saved.run("both", { x: [1, 1] }).y)).toEqual([6, 8]);
  });
});

describe("missing values", () => {
  it("a missing value fails the load if every signature needs it", () => {
    const error = expectError(() => load("no_value"), "VARIABLES_NOT_FOUND");
    expect(error.rawMessage).toBe(
      `${modelOf("no_value")} has no value for the variable "never": neither its checkpoint nor an initializer gives it one`,
    );
    expect(error.fix).toBe("Export the model again with its values.");
  });

  it("a missing value is named by the call that needs it, with the signature that assigns it", () => {
    using model = load("init_signature");
    const error = expectError(() => model.run("read", { x: 3 }), "TF_FAILED_PRECONDITION");
    expect(error.fix).toBe('It needs the variable "state", which has no value after loading: call "begin" first.');
    model.run("begin", { x: 5 });
    expect(plain(model.run("read", { x: 3 }).y)).toBe(30);
  });

  it("a missing value is named by an asynchronous call too", async () => {
    using model = load("init_signature");
    const error = await model.runAsync("read", { x: 3 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "TF_FAILED_PRECONDITION",
      fix: 'It needs the variable "state", which has no value after loading: call "begin" first.',
    });
  });

  it("a missing value that nothing assigns is named by the call that needs it", () => {
    using model = load("init_signature");
    const error = expectError(() => model.run("never", { x: 3 }), "TF_FAILED_PRECONDITION");
    expect(error.fix).toBe(
      'It needs the variable "never", which has no value: neither its checkpoint nor an initializer gives it one.',
    );
  });

  it("a missing value does not fail the load if a nested function assigns it", () => {
    using model = load("begin");
    const error = expectError(() => model.run("read", { x: 3 }), "TF_FAILED_PRECONDITION");
    expect(error.fix).toContain('call "begin" first');
    model.run("begin", { x: -5 });
    expect(plain(model.run("read", { x: 3 }).y)).toBe(15);
  });

  it("variables() lists a variable without a value, next to those with one", () => {
    using model = load("local");
    const listed = model.variables().map(({ name, value }) => [name, value?.toArray()]);
    expect(listed).toEqual([
      ["bias", 10],
      ["mean/count", undefined],
      ["mean/total", undefined],
      ["w", 2],
    ]);
    using init = load("init_signature");
    const found = (wanted: string): unknown => init.variables().find(({ name }) => name === wanted);
    expect(found("never")).toEqual({
      name: "never",
      trainable: true,
      dtype: "float32",
      shape: [],
      value: undefined,
    });
    expect(found("state")).toMatchObject({ value: undefined });
    init.run("begin", { x: 5 });
    expect(init.variables().map(({ name, value }) => [name, value?.item()])).toEqual([
      ["never", undefined],
      ["state", 5],
      ["w", 2],
    ]);
  });

  it("a missing table asset fails the load", () => {
    const folder = join(tempFolder(), "moved");
    cpSync(modelOf("tables"), folder, { recursive: true });
    rmSync(join(folder, "assets"), { recursive: true });
    expect(expectError(() => load("tables", folder), "LOAD_FAILED").rawMessage).toContain("vocabulary.txt");
  });

  it("a missing checkpoint fails the load", () => {
    for (const name of ["skip_saver", "hub_resource", "hub_reference"]) {
      const folder = join(tempFolder(), "moved");
      cpSync(modelOf(name), folder, { recursive: true });
      rmSync(join(folder, "variables"), { recursive: true });
      if (name === "skip_saver") {
        // The tables have values without it.
        using model = load(name, folder);
        expect(expectError(() => model.run("scale", { x: 1 }), "TF_FAILED_PRECONDITION").fix).toContain(
          'the variable "w"',
        );
        continue;
      }
      expect(expectError(() => load(name, folder), "VARIABLES_NOT_FOUND").rawMessage).toContain('"w/part_0"');
    }
  });
});

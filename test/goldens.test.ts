import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type AnyTensor, Model, type Tensor } from "../runtime/index.js";
import { expectGolden, goldenParts, readCalls, readCases, toTensor } from "./support/goldens.js";
import { hasShared, NO_SHARED, needs, shared } from "./support/needs.js";

const models = fileURLToPath(new URL("models/", import.meta.url));
const own = readdirSync(models)
  .filter((file) => file.endsWith(".golden.json"))
  .map((file) => file.replace(".golden.json", ""));

describe.each(own)("%s returns the numbers of TensorFlow in Python", (name) => {
  it.each(readCases(name))("$name", ({ calls }) => {
    using model = Model.load(join(models, name));
    for (const [index, { signature, inputs, outputs }] of calls.entries()) {
      const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
      const results = partsOf(model.run(signature, tensors));
      expect(Object.keys(results).sort()).toEqual(Object.keys(outputs).sort());
      for (const [key, golden] of Object.entries(outputs)) {
        // Processors differ by up to 1e-6.
        expectGolden(results[key], golden, `${signature} (call ${index}) ${key}`, 1e-5);
      }
    }
  });
});

// Models that others made. They are data beside the project, not part of it. Their goldens were computed on another
// processor: `npm run conformance` compares them more closely, with Python on this one.
const REFUSED: Readonly<Record<string, string>> = {
  "ydf-adult-gbdt": "OP_NOT_REGISTERED",
  "stfs-custom-op": "OP_NOT_REGISTERED",
  "fink-ragged": "VARIABLES_NOT_FOUND",
};

describe("third-party models give the numbers of TensorFlow in Python", () => {
  needs(hasShared, NO_SHARED);
  const names = hasShared ? readdirSync(shared).filter((name) => existsSync(join(shared, name, "golden"))) : [];

  it.each(names.filter((name) => REFUSED[name] === undefined))(
    "third-party model %s returns the numbers of TensorFlow in Python",
    (name) => {
      for (const { signature, tags = ["serve"], inputs, outputs } of readCalls(join(shared, name, "golden"))) {
        using model = Model.load(join(shared, name), { tags });
        const description = model.signatures.find(({ key }) => key === signature);
        if (description?.unsupported !== undefined) continue;
        const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
        const results = model.run(signature, tensors);
        for (const [key, golden] of Object.entries(outputs)) expectGolden(results[key], golden, `${signature} ${key}`);
      }
    },
  );

  it("the model of the article in examples/article.ts has its losses in five steps", () => {
    using model = Model.load(join(shared, "rust-training-custom"));
    const step = { training_input: [[1, 1]], training_target: [[0]] };
    for (const loss of [0.7932061, 1.10907543, 1.22141898, 1.24034894, 1.21517324]) {
      expect(Math.abs(Number(model.run("train", step).output_0?.toArray()) - loss)).toBeLessThan(1e-6);
    }
  });

  it.each(Object.entries(REFUSED))("rejects %s with %s", (name, code) => {
    expect(() => Model.load(join(shared, name))).toThrow(expect.objectContaining({ code }));
  });
});

function partsOf(results: Readonly<Record<string, AnyTensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(results).flatMap(([key, value]) => Object.entries(goldenParts(key, value))));
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runNow } from "../../../../runtime/base/steps.js";
import { readCheckpointIndex } from "../../../../runtime/engines/cluster/checkpoint-index.js";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { NativeCheckpoint } from "../../../../runtime/engines/local/native-checkpoint.js";
import { Random } from "../../../support/random.js";
import { modelFolder } from "../../../support/temp.js";

function written(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

const PREFIXES: Readonly<Record<string, string>> = {
  "a model": join(modelFolder("custom_model"), "variables/variables"),
  "many variables": join(modelFolder("optimizers"), "variables/variables"),
  "all dtypes": written("graph/checkpoints/dtypes"),
  "a table": written("graph/checkpoints/votes-attribute"),
  "the parts of divided variables": written("graph/loads/hub_resource/variables/variables"),
  "several meta graphs": written("local/save/saving/tag_sets/variables/variables"),
};

describe("the index of a checkpoint", () => {
  it.each(Object.entries(PREFIXES))("has what TensorFlow reads in it: %s", (_, prefix) => {
    const tensors = readCheckpointIndex(readFileSync(`${prefix}.index`));
    const reader = new NativeCheckpoint(nativeApi(), prefix);
    try {
      expect([...tensors.keys()].sort()).toEqual([...reader.keys].sort());
      expect(tensors.size).toBeGreaterThan(0);
      for (const [key, tensor] of tensors) expect(tensor, key).toEqual(reader.describe(key));
      runNow(reader.verify([]));
    } finally {
      reader.close();
    }
  });

  it("is rejected when it is damaged, in bounded time and memory", () => {
    const file = readFileSync(`${PREFIXES["many variables"]}.index`);
    const random = new Random(1);
    for (let round = 0; round < 5_000; round++) {
      const bytes = new Uint8Array(file);
      for (let change = 1 + random.below(4); change > 0; change--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      const damaged = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
      try {
        readCheckpointIndex(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });

  it.each([
    ["nothing", new Uint8Array(), "it is not a table"],
    ["another file", new Uint8Array(100), "it is not a table"],
  ])("says what is wrong with %s", (_, bytes, message) => {
    expect(() => readCheckpointIndex(bytes)).toThrow(message);
  });
});

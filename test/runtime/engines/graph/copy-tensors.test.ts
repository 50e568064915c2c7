import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { CheckpointReader } from "../../../../runtime/engines/graph/checkpoint/checkpoint-reader.js";
import { copyTensors } from "../../../../runtime/engines/graph/checkpoint/copy-tensors.js";
import { mergeCheckpoints } from "../../../../runtime/engines/graph/checkpoint/merge-checkpoints.js";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { Session } from "../../../../runtime/engines/local/session.js";
import { tempFolder } from "../../../support/temp.js";

const model = fileURLToPath(new URL("../local/save/saving/tag_sets", import.meta.url));

/** The dtype and the shape of each tensor in a checkpoint. */
function tensorsIn(prefix: string): Readonly<Record<string, unknown>> {
  const reader = new CheckpointReader(nativeApi(), prefix);
  try {
    return Object.fromEntries([...reader.keys].sort().map((key) => [key, reader.describe(key)]));
  } finally {
    reader.close();
  }
}

it("copies tensors of different dtypes one after the other, and merges the result", () => {
  const session = new Session(model, ["serve"]);
  try {
    const folder = tempFolder();
    const from = join(model, "variables", "variables");
    const [a, b, merged] = ["a", "b", "merged"].map((name) => join(folder, name, "variables")) as [
      string,
      string,
      string,
    ];
    for (const name of ["a", "b", "merged"]) mkdirSync(join(folder, name));
    copyTensors(session, [{ read: "steps", written: "count", dtype: 9 }], from, a);
    copyTensors(session, [{ read: "label", written: "label", dtype: 7 }], from, b);
    expect(tensorsIn(a)).toEqual({ count: { dtype: 9, shape: [] } });
    expect(tensorsIn(b)).toEqual({ label: { dtype: 7, shape: [2] } });
    mergeCheckpoints(session, [a, b], merged);
    expect(tensorsIn(merged)).toEqual({ count: { dtype: 9, shape: [] }, label: { dtype: 7, shape: [2] } });
    expect(readdirSync(join(folder, "merged")).sort()).toEqual([
      "variables.data-00000-of-00002",
      "variables.data-00001-of-00002",
      "variables.index",
    ]);
  } finally {
    session.dispose();
  }
});

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { copyTensors } from "../../runtime/checkpoint/copy-tensors.js";
import { mergeCheckpoints } from "../../runtime/checkpoint/merge.js";
import { CheckpointReader } from "../../runtime/checkpoint/reader.js";
import { nativeApi } from "../../runtime/native/api.js";
import { Session } from "../../runtime/session.js";
import { tempFolder } from "../support/temp.js";

const model = fileURLToPath(new URL("saving/tag_sets", import.meta.url));

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

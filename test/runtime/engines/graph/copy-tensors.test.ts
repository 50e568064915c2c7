import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runNow } from "../../../../runtime/base/steps.js";
import { copyTensors } from "../../../../runtime/engines/graph/checkpoint/copy-tensors.js";
import { mergeCheckpoints } from "../../../../runtime/engines/graph/checkpoint/merge-checkpoints.js";
import type { GraphSession } from "../../../../runtime/engines/graph/graph-session.js";
import { Session } from "../../../../runtime/engines/local/session.js";
import { tempFolder } from "../../../support/temp.js";

const model = fileURLToPath(new URL("../local/save/saving/tag_sets", import.meta.url));

/** The dtype and the shape of each tensor in a checkpoint. */
function tensorsIn(graph: GraphSession, prefix: string): Readonly<Record<string, unknown>> {
  const reader = runNow(graph.openCheckpoint(prefix));
  try {
    return Object.fromEntries([...reader.keys].sort().map((key) => [key, reader.describe(key)]));
  } finally {
    reader.close();
  }
}

it("copies tensors of different dtypes one after the other, and merges the result", () => {
  const session = runNow(Session.loading(model, ["serve"]));
  const { graph } = session;
  try {
    const folder = tempFolder();
    const from = join(model, "variables", "variables");
    const [a, b, merged] = ["a", "b", "merged"].map((name) => join(folder, name, "variables")) as [
      string,
      string,
      string,
    ];
    for (const name of ["a", "b", "merged"]) mkdirSync(join(folder, name));
    runNow(copyTensors(graph, [{ read: "steps", written: "count", dtype: 9 }], from, a));
    runNow(copyTensors(graph, [{ read: "label", written: "label", dtype: 7 }], from, b));
    expect(tensorsIn(graph, a)).toEqual({ count: { dtype: 9, shape: [] } });
    expect(tensorsIn(graph, b)).toEqual({ label: { dtype: 7, shape: [2] } });
    runNow(mergeCheckpoints(graph, [a, b], merged));
    expect(tensorsIn(graph, merged)).toEqual({ count: { dtype: 9, shape: [] }, label: { dtype: 7, shape: [2] } });
    expect(readdirSync(join(folder, "merged")).sort()).toEqual([
      "variables.data-00000-of-00002",
      "variables.data-00001-of-00002",
      "variables.index",
    ]);
  } finally {
    session.dispose();
  }
});

import { SavedModelError } from "../../base/errors.js";
import { runLater } from "../../base/steps.js";
import type { AsyncVariableStore } from "../../engine.js";
import { restoreVariables } from "../graph/restore.js";
import { requireSaver, saveFailed, writeCheckpoint } from "../graph/save-call.js";
import { readVariables } from "../graph/variables.js";
import { type ClusterGraph, requireServerPath } from "./cluster-graph.js";

/** Reads, saves and restores the variables of a graph on servers, whose paths are those of the servers. */
export function clusterVariables(graphOf: (call: string) => ClusterGraph): AsyncVariableStore {
  return {
    read: async () => await runLater(readVariables(graphOf("variables()"))),
    save: async () => {
      throw new SavedModelError("UNSUPPORTED_BY_ENGINE", "save(): servers write variables only, to their own files", {
        fix: "Call `saveWeights()`, and restore that in a loaded model, which can save the whole.",
      });
    },
    saveWeights: async (prefix) => {
      const graph = graphOf("saveWeights()");
      requireServerPath("saveWeights()", prefix);
      requireSaver(graph);
      try {
        await runLater(writeCheckpoint(graph, prefix));
      } catch (cause) {
        throw saveFailed(graph, prefix, cause);
      }
    },
    restore: async (path, options) => await runLater(restoreVariables(graphOf("restore()"), path, options)),
  };
}

import type { Fault } from "./fault.js";

const STATE = "test/runtime/engines/cluster/state.test.ts";
const FAULTS = "test/runtime/engines/cluster/faults.test.ts";
const VALUES = "test/runtime/engines/cluster/initial-values.test.ts";
const GOLDENS = "test/runtime/engines/cluster/goldens.test.ts";

/** Faults of the engine on servers of TensorFlow's distributed runtime. */
export const faults: readonly Fault[] = [
  {
    id: "cluster-attach-restores",
    file: "runtime/engines/cluster/cluster-engine.ts",
    find: 'if (state === "attach") await this.#attach(adopted, clusterGraph);',
    replace: 'if (state === "private") await this.#attach(adopted, clusterGraph);',
    effect: "a client that attaches resets the variables of all others",
    tests: [STATE],
  },
  {
    id: "cluster-private-is-shared",
    file: "runtime/engines/cluster/cluster-engine.ts",
    find: 'graphOnce,\n      state === "private",',
    replace: "graphOnce,\n      false,",
    effect: "a client with private variables changes those of others",
    tests: [STATE],
  },
  {
    id: "cluster-one-container",
    file: "runtime/engines/cluster/cluster-engine.ts",
    find: "container: container ?? containerOf(graphDef)",
    replace: 'container: container === "" ? container : containerOf(graphDef)',
    effect: "clients with containers of their own share variables",
    tests: [STATE],
  },
  {
    id: "cluster-no-mutex",
    file: "runtime/engines/cluster/cluster-engine.ts",
    find: "const targets = exclusive.filter(({ key }) => key === signature.key).map(({ unlock }) => unlock);",
    replace: "const targets: readonly string[] = exclusive.length < 0 ? [signature.key] : [];",
    effect: "training steps of two clients overwrite each other: the mutex is given back at once",
    tests: [STATE],
  },
  {
    id: "cluster-job-of-the-export",
    file: "runtime/engines/cluster/place-graph.ts",
    find: 'const place = isInFunction ? "" : (target ?? "");',
    replace: 'const place = target ?? "";',
    effect: "functions are pinned to a task that does not have their variables",
    tests: ["test/runtime/engines/cluster/place-graph.test.ts"],
  },
  {
    id: "cluster-files-on-the-worker",
    file: "runtime/engines/cluster/place-graph.ts",
    find: "isHolder || storage.has(name) ? variables : operations",
    replace: "isHolder && storage.size >= 0 ? variables : operations",
    effect: "checkpoints are written by the task that the client talks to, where others do not find them",
    tests: ["test/runtime/engines/cluster/place-graph.test.ts"],
  },
  {
    id: "cluster-device-of-the-job",
    file: "runtime/engines/cluster/place-graph.ts",
    find: 'const local = device.replace(LOCAL, "");',
    replace: "const local = device;",
    effect: "models that were exported on a machine cannot run on another job",
    tests: ["test/runtime/engines/cluster/place-graph.test.ts", GOLDENS],
  },
  {
    id: "cluster-lost-sessions-stay",
    file: "runtime/engines/cluster/master-session.ts",
    find: "if (this.#opening === opening) this.#opening = undefined;\n      this.#wasLost = true;",
    replace: "this.#wasLost = true;",
    effect: "a client never connects again after its server was restarted",
    tests: [FAULTS],
  },
  {
    id: "cluster-tables-of-the-first-client",
    file: "runtime/engines/cluster/load-values.ts",
    find: "if (!missing.some(isTable)) return missing;",
    replace: "if (missing.length >= 0) return missing;",
    effect: "a client that attaches finds no vocabulary",
    tests: [VALUES],
  },
  {
    id: "cluster-init-operation-not-run",
    file: "runtime/engines/cluster/load-values.ts",
    find: "  yield* runInitOperation(session, metaGraph);\n  yield* copyFromSaved",
    replace: "  yield* copyFromSaved",
    effect: "tables are empty",
    tests: [VALUES, STATE],
  },
  {
    id: "cluster-variables-written-twice",
    file: "runtime/engines/cluster/load-values.ts",
    find: '  yield* copyFromSaved(session, CALL, "unsaved");\n',
    replace: "",
    effect: "Keras 3 models have variables without values",
    tests: [GOLDENS],
  },
  {
    id: "cluster-writes-are-repeated",
    file: "runtime/engines/cluster/cluster-execution.ts",
    find: "limits.mayRepeat === true || !this.writes",
    replace: "true",
    effect: "a training step whose answer was lost is done twice",
    tests: [FAULTS],
  },
  {
    id: "cluster-slices-are-tensors",
    file: "runtime/engines/cluster/checkpoint-index.ts",
    find: "entry.key.length === 0 || entry.key[0] === 0",
    replace: "entry.key.length === 0",
    effect: "the slices of a divided variable are listed as unused tensors",
    tests: ["test/runtime/engines/cluster/checkpoint-index.test.ts"],
  },
];

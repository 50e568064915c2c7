import type { Fault } from "./fault.js";

const GRAPH = "test/runtime/engines/graph/graph-session.test.ts";
const EFFECTS = "test/runtime/saved-model/write-effects.test.ts";

/** Faults of what works on a graph by the names of its operations. */
export const faults: readonly Fault[] = [
  {
    id: "graph-feeds-stay",
    file: "runtime/engines/local/local-graph.ts",
    find: "for (const feed of inputs) feed.release();",
    replace: "for (const feed of inputs.slice(1)) feed.release();",
    effect: "every save and restore leaves a tensor with a path",
    tests: [GRAPH],
  },
  {
    id: "graph-fed-with-any-dtype",
    file: "runtime/engines/local/local-graph.ts",
    find: "if (dtype === undefined || actual === dtype) return output;",
    replace: "if (dtype !== actual) return output;",
    effect: "a path is fed to a tensor of numbers",
    tests: [GRAPH],
  },
  {
    id: "graph-outputs-not-counted",
    file: "runtime/engines/local/local-graph.ts",
    find: "output.index >= api.TF_OperationNumOutputs(output.oper)",
    replace: "output.index > api.TF_OperationNumOutputs(output.oper)",
    effect: "an output that an operation does not have is handed to native code",
    tests: [GRAPH],
  },
  {
    id: "graph-first-output-only",
    file: "runtime/engines/local/local-graph.ts",
    find: "index: outputIndexOf(tensor) }",
    replace: "index: 0 }",
    effect: "all variables are restored with the value of the first",
    tests: ["test/runtime/engines/graph/partial-restore.test.ts"],
  },
  {
    id: "graph-failure-without-a-code",
    file: "runtime/engines/local/local-graph.ts",
    find: "throw runError(call, cause);",
    replace: "throw cause;",
    effect: "a restore that fails does not say which call failed, nor with which code",
    tests: [GRAPH],
  },
  {
    id: "graph-references-assigned-untyped",
    file: "runtime/engines/graph/checkpoint/assign.ts",
    find: '{ op: "Assign", dtypes: { T: itemAt(dtypes, 0) } }',
    replace: '{ op: "Assign", dtypes: {} }',
    effect: "a server that infers no dtypes rejects the operation",
    tests: [GRAPH],
  },
  {
    id: "graph-tables-of-the-other-version",
    file: "runtime/engines/graph/initial-values/resources.ts",
    find: '!node.op.endsWith("V2")',
    replace: 'node.op.endsWith("V2")',
    effect: "models with tables cannot be loaded",
    tests: [GRAPH, "test/runtime/engines/graph/initial-values.test.ts"],
  },
  {
    id: "graph-references-read-as-handles",
    file: "runtime/engines/graph/variable-nodes.ts",
    find: 'isReference: graph.edges(node)?.op !== "VarHandleOp"',
    replace: "isReference: false",
    effect: "variables() fails for models of TensorFlow 1",
    tests: [GRAPH, "test/runtime/engines/graph/variables.test.ts"],
  },
  {
    id: "graph-pairs-from-the-roots",
    file: "runtime/saved-model/graph/paired-objects.ts",
    find: "const pairs = new Map([[from, to]]);",
    replace: "const pairs = new Map([[0, 0]]);",
    effect: "a checkpoint of an object with the model as an attribute cannot be restored",
    tests: ["test/runtime/engines/graph/restore.test.ts", "test/runtime/engines/graph/partial-restore.test.ts"],
  },
  {
    id: "graph-custom-operations-are-harmless",
    file: "runtime/saved-model/effects/write-effects.ts",
    find: "STATEFUL_OPS.has(type) || !KNOWN_OPS.has(type)",
    replace: "STATEFUL_OPS.has(type)",
    effect: "an operation that nobody knows counts as one that changes nothing",
    tests: [EFFECTS],
  },
  {
    id: "graph-references-are-harmless",
    file: "runtime/saved-model/effects/write-effects.ts",
    find: "isStateful || inputArg.some(({ isRef }) => isRef)",
    replace: "isStateful",
    effect: "assignments of TensorFlow 1 count as calls that change nothing",
    tests: [EFFECTS, "test/runtime/engines/local/read-only.test.ts"],
  },
];

import { SavedModelError } from "../../base/errors.js";
import { printable, quote, reasonOf } from "../../base/text.js";
import { chooseMetaGraph, readMetaGraphs } from "../../saved-model/files/saved-model-file.js";
import { openGraph } from "../../saved-model/graph/graph.js";
import { decode } from "../../saved-model/proto/decode.js";
import { CALLER_POOL, encodeRunOptions } from "./config-proto.js";
import { hasLargeStacks } from "./run/thread-stacks.js";
import type { Scheduling, SessionOptions } from "./session-options.js";

/** Low-level control flow, as TensorFlow 1 writes it. `While`, `If` and `Case` are functions, and no part of it. */
const CONTROL_FLOW = ["Enter", "Exit", "Merge", "NextIteration", "Switch"];

/** Operations that make references; those that take them are of no use without one of these. */
const REFERENCES = [
  "Barrier",
  "ConditionalAccumulator",
  "FIFOQueue",
  "FakeQueue",
  "FixedLengthRecordReader",
  "HashTable",
  "IdentityReader",
  "LMDBReader",
  "MutableDenseHashTable",
  "MutableHashTable",
  "MutableHashTableOfTensors",
  "PaddingFIFOQueue",
  "PriorityQueue",
  "RandomShuffleQueue",
  "SparseConditionalAccumulator",
  "Stack",
  "TFRecordReader",
  "TemporaryVariable",
  "TensorArray",
  "TextLineReader",
  "Variable",
  "VariableV2",
  "WholeFileReader",
];

/**
 * What TensorFlow's single-threaded executor rejects at the first run (`ValidateOpIsSafeForSyncExecution` in
 * tensorflow/core/common_runtime/single_threaded_executor.cc).
 */
const REJECTED: ReadonlySet<string> = new Set([
  ...CONTROL_FLOW,
  ...CONTROL_FLOW.map((op) => `Ref${op}`),
  "_SwitchN",
  ...REFERENCES,
]);

/** Operations that exchange tensors with others, which may have to run meanwhile: with one thread they wait for ever. */
const WAITS =
  /^(_?(Host)?(Send|Recv)$|Collective|_?Nccl|Queue(De|En)queue|(Ordered)?(Map)?(Uns|S)tage|Batch(Function)?$)/;

/**
 * Returns how a model's operations are scheduled: as its options say, else by TensorFlow's single-threaded executor where
 * that can run the graph, and in the calling thread where it cannot.
 *
 * @throws SavedModelError `INVALID_OPTION` when the single-threaded executor is requested for a graph that it rejects
 */
export function chooseScheduling(directory: string, tags: readonly string[], options: SessionOptions): Scheduling {
  const { scheduling, interOpThreads } = options;
  if (scheduling !== undefined && scheduling !== "single-threaded") return scheduling;
  if (interOpThreads !== undefined) return "pool";
  // The caller's message asks for a pool.
  const { interOpThreadPool } = decode("RunOptions", encodeRunOptions(options));
  if (scheduling === undefined && interOpThreadPool !== CALLER_POOL) return "caller";
  // Runs on worker threads then have to use TensorFlow's own.
  if (!hasLargeStacks()) return "caller";
  const obstacle = findObstacle(directory, tags);
  if (obstacle === undefined) return "single-threaded";
  if (scheduling === undefined) return "caller";
  throw new SavedModelError(
    "INVALID_OPTION",
    `load(): scheduling "single-threaded" cannot run ${quote(obstacle)}, an operation of ${printable(directory)}`,
    { fix: 'Omit `scheduling`, or set it to "caller".' },
  );
}

/** Returns an operation of the graph that the single-threaded executor cannot run, if there is one. */
function findObstacle(directory: string, tags: readonly string[]): string | undefined {
  const { graphDef } = chooseMetaGraph(directory, readMetaGraphs(directory), tags);
  return [...operationTypes(graphDef)].find((type) => REJECTED.has(type) || WAITS.test(type));
}

/** Returns true for the error of a graph, or of a part of it, that the single-threaded executor rejects. */
export function isRejectedBySingleThread(error: unknown): boolean {
  return reasonOf(error).includes("Single-threaded executor does not support");
}

/** Types of the operations; none of a graph that cannot be decoded, of which TensorFlow says more. */
function operationTypes(graphDef: Uint8Array): ReadonlySet<string> {
  try {
    return openGraph(graphDef).operationTypes();
  } catch {
    return new Set();
  }
}

import { SavedModelError } from "../../base/errors.js";
import { printable, quote, reasonOf } from "../../base/text.js";
import { openGraph } from "../../saved-model/graph/graph.js";
import { decode } from "../../saved-model/proto/decode.js";
import { CALLER_POOL, encodeConfig, encodeRunOptions } from "./config-proto.js";
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
  "TensorArrayGrad",
  "TextLineReader",
  "Variable",
  "VariableV2",
  "WholeFileReader",
];

/**
 * Operations that TensorFlow's single-threaded executor rejects at the first run
 * (tensorflow/core/common_runtime/single_threaded_executor.cc).
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

/** Operations whose time depends on more than the sizes of their inputs. */
const UNSTEADY = /While|^For$|Defun|Dataset|Iterator|PyFunc|Print/;

/** Order and threads of a model's operations. */
export interface Schedule {
  readonly scheduling: Scheduling;
  /** True if the time of a run is known to depend on the sizes of its inputs only. */
  readonly isSteady: boolean;
}

/**
 * Returns how a model's operations are scheduled: as its options say, else by TensorFlow's single-threaded executor where
 * that can run the graph, and in the calling thread where it cannot.
 *
 * @throws SavedModelError `INVALID_OPTION` when the single-threaded executor is requested for a graph that it rejects
 */
export function chooseSchedule(directory: string, graphDef: Uint8Array, options: SessionOptions): Schedule {
  const { scheduling, interOpThreads } = options;
  if (scheduling !== undefined && scheduling !== "single-threaded") return { scheduling, isSteady: false };
  if (interOpThreads !== undefined) return { scheduling: "pool", isSteady: false };
  if (scheduling === undefined && (usesPool(options) || usesXla(options))) return IN_CALLER;
  // Runs on worker threads then have to use TensorFlow's own.
  if (!hasLargeStacks()) return IN_CALLER;
  const types = [...typesOf(graphDef)];
  const obstacle = types.find((type) => REJECTED.has(type) || WAITS.test(type));
  if (obstacle === undefined) {
    return { scheduling: "single-threaded", isSteady: !types.some((type) => UNSTEADY.test(type)) };
  }
  if (scheduling === undefined) return IN_CALLER;
  throw new SavedModelError(
    "INVALID_OPTION",
    `load(): scheduling "single-threaded" cannot run ${quote(obstacle)}, an operation of ${printable(directory)}`,
    { fix: 'Omit `scheduling`, or set it to "caller".' },
  );
}

/** The schedule of graphs that the single-threaded executor cannot run. */
export const IN_CALLER: Schedule = { scheduling: "caller", isSteady: false };

/** Returns true if the caller's message asks for a pool. */
function usesPool(options: SessionOptions): boolean {
  return decode("RunOptions", encodeRunOptions(options)).interOpThreadPool !== CALLER_POOL;
}

/** Returns true if TensorFlow compiles parts of the graph, and adds low-level control flow around them. */
function usesXla(options: SessionOptions): boolean {
  if (/auto_jit|auto_clustering/.test(process.env.TF_XLA_FLAGS ?? "")) return true;
  const { graphOptions } = decode("ConfigProto", encodeConfig(options));
  const level = decode("GraphOptions", graphOptions ?? new Uint8Array()).optimizerOptions?.globalJitLevel ?? 0;
  return level > 0;
}

/** Returns true for the error of a graph, or of a part of it, that the single-threaded executor rejects. */
export function isRejectedBySingleThread(error: unknown): boolean {
  return reasonOf(error).includes("Single-threaded executor does not support");
}

/** Types of the operations; none of a graph that cannot be decoded, of which TensorFlow says more. */
export function typesOf(graphDef: Uint8Array): ReadonlySet<string> {
  try {
    return openGraph(graphDef).operationTypes();
  } catch {
    return new Set();
  }
}

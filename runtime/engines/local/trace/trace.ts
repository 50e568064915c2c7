import { SavedModelError } from "../../../base/errors.js";
import { isThenable } from "../../../base/is-thenable.js";
import type { Session } from "../session.js";
import { traceEvents } from "./trace-events.js";

/** One operation that a traced call ran, as an event of Chrome's trace format. */
export interface OperationEvent {
  /** The type of the operation: `MatMul`. */
  readonly name: string;
  readonly cat: "operation";
  readonly ph: "X";
  /** When it began, in microseconds since the first operation of the trace. */
  readonly ts: number;
  /** How long it took, in microseconds. */
  readonly dur: number;
  /** The device: a process to the viewer. */
  readonly pid: number;
  /** The lane: one per thread, and more where operations of one thread overlap. */
  readonly tid: number;
  readonly args: {
    /** The operation's name in the graph. */
    readonly node: string;
    /** The call that it ran in: `train()`. */
    readonly call: string;
    /** Which of the calls of the trace that was, from 0. */
    readonly callIndex: number;
    /** When its kernel began and ended, in microseconds since the event's own beginning. */
    readonly kernelStart: number;
    readonly kernelEnd: number;
  };
}

/** The name of a device or a lane. */
export interface NameEvent {
  readonly name: "process_name" | "thread_name";
  readonly ph: "M";
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name: string };
}

/** An entry of a trace: what one operation did and when, or the name of a row of the picture. */
export type TraceEvent = NameEvent | OperationEvent;

/** A trace in Chrome's format. Written with `JSON.stringify`, chrome://tracing and ui.perfetto.dev show it. */
export interface Trace {
  /** Names first, then the operations in the order in which they began. */
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ns";
}

/** What a traced function returned, and what it ran. */
export interface Traced<T> {
  readonly result: T;
  readonly trace: Trace;
}

/**
 * Runs a function and records the operations of the synchronous calls that it makes.
 *
 * @throws SavedModelError `INVALID_ARGUMENT` for an asynchronous function and for a trace within a trace
 */
export function trace<T>(session: Session, run: () => T): Traced<T> {
  if (typeof run !== "function") throw new SavedModelError("INVALID_ARGUMENT", "trace() takes a function to run");
  if (session.recording !== undefined) {
    throw new SavedModelError("INVALID_ARGUMENT", "trace(): the model is being traced already");
  }
  const recording = session.newRecording();
  try {
    session.recording = recording;
    const result = record(session, run);
    return { result, trace: { traceEvents: traceEvents(recording.read()), displayTimeUnit: "ns" } };
  } finally {
    recording.release();
  }
}

function record<T>(session: Session, run: () => T): T {
  try {
    const result = run();
    if (isThenable(result)) {
      // Its failure would be an unhandled one.
      result.then(undefined, () => {});
      throw new SavedModelError(
        "INVALID_ARGUMENT",
        "trace() takes a function that calls synchronously, got a promise",
        {
          fix: "Trace the methods of the model itself, not those of `async`.",
        },
      );
    }
    return result;
  } finally {
    session.recording = undefined;
  }
}

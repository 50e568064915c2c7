import { SavedModelError } from "../../../base/errors.js";
import { isThenable } from "../../../base/is-thenable.js";
import type { Traced } from "../../../engine.js";
import type { Session } from "../session.js";
import { traceEvents } from "./trace-events.js";

/**
 * Runs a function and records the operations of the synchronous calls that it makes.
 *
 * @throws SavedModelError `INVALID_ARGUMENT` for an asynchronous function and for a trace within a trace,
 * `UNSUPPORTED_BY_ENGINE` with the single-threaded executor, which records nothing
 */
export function trace<T>(session: Session, run: () => T): Traced<T> {
  if (typeof run !== "function") throw new SavedModelError("INVALID_ARGUMENT", "trace() takes a function to run");
  if (session.recording !== undefined) {
    throw new SavedModelError("INVALID_ARGUMENT", "trace(): the model is already being traced");
  }
  if (session.scheduling === "single-threaded") {
    throw new SavedModelError(
      "UNSUPPORTED_BY_ENGINE",
      "trace(): TensorFlow's single-threaded executor, the default, does not record operations",
      { fix: 'Load the model with `scheduling: "caller"`.' },
    );
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

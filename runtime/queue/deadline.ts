import type { RunLimits } from "../engine.js";
import { deadlineExceeded, forgetAbort, watchAbort } from "./abort.js";

/**
 * Starts a call with a deadline, from which on its promise is rejected with `TF_DEADLINE_EXCEEDED`, whether it waits or runs.
 *
 * @param name for messages: `train()`
 * @param timeoutMs none where it is undefined or infinite
 * @param start starts the call, which is aborted by the signal that it gets: the caller's, or that of the deadline
 */
export function withDeadline<T>(
  name: string,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
  start: (limits: RunLimits) => Promise<T>,
): Promise<T> {
  // The call says that it was aborted before it began.
  if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY || signal?.aborted) return start({ signal });
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(deadlineExceeded(name, timeoutMs)), timeoutMs);
  const end = (): void => {
    clearTimeout(timer);
    forgetAbort(signal, onAbort);
  };
  watchAbort(signal, onAbort);
  try {
    return start({ signal: controller.signal, deadline: performance.now() + timeoutMs }).finally(end);
  } catch (error) {
    end();
    throw error;
  }
}

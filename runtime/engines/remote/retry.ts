import type { StatusName } from "../../base/errors.js";
import type { RunLimits } from "../../engine.js";
import { forgetAbort, watchAbort } from "../../queue/abort.js";
import type { ServerError } from "./server-error.js";

/**
 * Returns true if a request that has failed may be sent again: where the server certainly did not receive it, or it is safe to
 * repeat and may succeed elsewhere, or a moment later.
 */
export function mayRepeat({ isUnsent, isUnreachable, status }: ServerError, limits: RunLimits): boolean {
  if (limits.signal?.aborted === true || millisecondsLeft(limits) <= 0) return false;
  return isUnsent || (limits.mayRepeat === true && (isUnreachable || TEMPORARY.has(status)));
}

/** Statuses that may differ elsewhere, or a moment later: Ray Serve answers INTERNAL for a dead replica. */
const TEMPORARY: ReadonlySet<StatusName> = new Set(["UNAVAILABLE", "INTERNAL"]);

/**
 * Waits before a request is sent to the same servers again, at most until its deadline or until its signal is aborted. Pauses
 * double, with a random part, so that many clients do not come back at once.
 *
 * @param attempt number of the attempt that has failed; 1 is the first
 */
export function pauseAfter(attempt: number, limits: RunLimits): Promise<void> {
  const backoffMs = Math.min(50 * 2 ** (attempt - 1), 2_000) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      forgetAbort(limits.signal, end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(backoffMs, millisecondsLeft(limits)));
    watchAbort(limits.signal, end);
  });
}

function millisecondsLeft({ deadline = Number.POSITIVE_INFINITY }: RunLimits): number {
  return deadline - performance.now();
}

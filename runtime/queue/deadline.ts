import { SavedModelError } from "../base/errors.js";
import type { RunLimits } from "../engine.js";
import { aborted, forgetAbort, watchAbort } from "./abort.js";

/** Limits of a call, with its timeout for messages. */
export interface CallLimits extends RunLimits {
  readonly timeoutMs?: number | undefined;
}

/**
 * Returns the limits of a call, or a request, that begins now; it has no deadline where the timeout is undefined or infinite.
 */
export function limitsOf(timeoutMs: number | undefined, signal?: AbortSignal): CallLimits {
  if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return { signal };
  return { signal, timeoutMs, deadline: performance.now() + timeoutMs };
}

/**
 * Watches whether a call has to end before its result is there: its caller aborts it, or its deadline passes. A signal for
 * both would be an `AbortController` per call, which takes 10 µs.
 */
export class CallEnd {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param name for messages: `train()`
   * @param onEnd called with the error of the call
   */
  constructor(name: string, { signal, timeoutMs }: CallLimits, onEnd: (error: SavedModelError) => void) {
    this.#signal = signal;
    this.#onAbort = signal && (() => onEnd(aborted(name, signal)));
    if (this.#onAbort !== undefined) watchAbort(signal, this.#onAbort);
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => onEnd(deadlineExceeded(name, timeoutMs)), timeoutMs);
  }

  /** Stops watching. */
  forget(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) forgetAbort(this.#signal, this.#onAbort);
  }
}

function deadlineExceeded(name: string, timeoutMs: number): SavedModelError {
  return new SavedModelError("TF_DEADLINE_EXCEEDED", `${name}: no result within ${timeoutMs} ms`, {
    fix: "Raise `timeoutMs` if calls may take that long.",
  });
}

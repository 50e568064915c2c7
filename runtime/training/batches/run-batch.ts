import type { BoundMethod } from "../../client/bound-methods.js";
import type { Method } from "../../client/methods.js";
import type { Form, Results } from "../../engine.js";
import type { Batch, BatchSource } from "./batches.js";
import type { Turns } from "./event-loop-yield.js";

/** Calls a signature with a batch: off this thread where that is asked for or the method returns a promise, else at once. */
export function runBatch<F extends Form = "plain">(
  { calls, key, isAsync }: BoundMethod,
  method: Method,
  { values }: Pick<Batch, "values">,
  worker: boolean | undefined,
  form: F = "plain" as F,
): Results<F> | Promise<Results<F>> {
  return worker === true || isAsync ? calls.start(key, method, values, form) : calls.run(key, method, values, form);
}

/** A signature that is called with all batches of its data, once. */
export interface Pass<F extends Form> {
  readonly bound: BoundMethod;
  readonly method: Method;
  readonly source: BatchSource;
  readonly form: F;
  readonly worker: boolean;
  readonly turns: Turns;
  /** Throws when the calls are to end. */
  readonly requireGo: () => void;
}

/** Calls a signature with batch after batch, and passes on the results. */
export async function runPass<F extends Form>(
  { bound, method, source, form, worker, turns, requireGo }: Pass<F>,
  take: (results: Results<F>, batch: Batch) => void,
): Promise<void> {
  const batches = source.epoch({ epoch: 1, step: 1, skipped: 0 });
  try {
    for (;;) {
      requireGo();
      const pending = batches.next();
      const { done, value: batch } = pending instanceof Promise ? await pending : pending;
      if (done === true) break;
      const ran = runBatch(bound, method, batch, worker, form);
      take(ran instanceof Promise ? await ran : ran, batch);
      if (turns.isDue) await turns.take();
    }
    requireGo();
  } finally {
    // A generator of the caller may hold resources.
    await batches.return?.();
  }
}

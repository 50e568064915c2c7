import type { BoundMethod } from "../bound-methods.js";
import type { Method } from "../methods.js";
import type { Batch } from "./batches.js";

/** Calls a signature with a batch: on a worker thread, or at once. */
export function runBatch(
  { calls, key }: BoundMethod,
  method: Method,
  { values }: Batch,
  worker: boolean | undefined,
): readonly unknown[] | Promise<readonly unknown[]> {
  return worker === true ? calls.start(key, method, values, "plain") : calls.run(key, method, values, "plain");
}

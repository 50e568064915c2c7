import { checkCount, invalidOption } from "../base/check-options.js";
import type { BatchingOptions } from "../queue/batcher.js";
import type { QueueOptions } from "../queue/read-write-queue.js";

/**
 * Options of a client, whatever its engine.
 *
 * @typeParam Key the keys of the model's signatures
 */
export interface ClientOptions<Key extends string = string> extends QueueOptions {
  /**
   * Batching by signature key: concurrent asynchronous calls of these signatures are run as one. Their inputs and
   * outputs must have an unknown leading dimension, and they may not change variables.
   */
  readonly batching?: { readonly [Signature in Key]?: BatchingOptions };
  /**
   * Keys of signatures that are treated as read-only, whatever their graph says: their asynchronous calls run side by
   * side, and may be batched. For custom operations, which otherwise count as changing something.
   */
  readonly readOnly?: readonly Key[];
}

/** Names of the options. */
export const CLIENT_OPTIONS: readonly string[] = ["concurrency", "maxQueue", "batching", "readOnly"];

/** @throws SavedModelError `INVALID_OPTION`, naming the option */
export function checkClientOptions(call: string, { concurrency, maxQueue, readOnly }: ClientOptions): void {
  checkCount(call, "concurrency", concurrency);
  checkCount(call, "maxQueue", maxQueue);
  if (readOnly !== undefined && !(Array.isArray(readOnly) && readOnly.every((key) => typeof key === "string"))) {
    throw invalidOption(call, "readOnly", 'an array of keys of signatures, such as ["predict"]');
  }
}

import { checkCount, checkOptions, checkTags, invalidOption } from "../base/check-options.js";
import { checkSessionOptions, SESSION_OPTIONS, type SessionOptions } from "../engines/local/session-options.js";
import type { BatchingOptions } from "../queue/batcher.js";
import type { LaneOptions } from "../queue/read-write-queue.js";

/**
 * Options for loading a model.
 *
 * @typeParam Key the keys of the model's signatures
 */
export interface LoadOptions<Key extends string = string> extends LaneOptions, SessionOptions {
  /**
   * The tags of the meta graph to load. By default those that the client was generated for; for `Model.load`
   * `["serve"]`, or those of the only meta graph.
   */
  readonly tags?: readonly string[];
  /**
   * Signatures by key whose concurrent asynchronous calls are run as one. Their inputs and outputs must have an unknown
   * leading dimension, and they may not change variables.
   */
  readonly batching?: { readonly [Signature in Key]?: BatchingOptions };
  /**
   * Keys of signatures that are to count as reading only, whatever their graph says: their asynchronous calls run side by
   * side, and may be batched. For operations of custom libraries, which cannot be told from ones that change something.
   */
  readonly readOnly?: readonly Key[];
}

const LOAD_OPTIONS = ["tags", "concurrency", "maxQueue", "batching", "readOnly", ...SESSION_OPTIONS];

/** @throws SavedModelError `INVALID_OPTION`, naming the option */
export function checkLoadOptions(call: string, options: LoadOptions): void {
  checkOptions(call, options, LOAD_OPTIONS);
  checkTags(call, options.tags);
  checkCount(call, "concurrency", options.concurrency);
  checkCount(call, "maxQueue", options.maxQueue);
  const { readOnly } = options;
  if (readOnly !== undefined && !(Array.isArray(readOnly) && readOnly.every((key) => typeof key === "string"))) {
    throw invalidOption(call, "readOnly", 'an array of keys of signatures, such as ["predict"]');
  }
  checkSessionOptions(call, options);
}

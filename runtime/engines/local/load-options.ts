import { checkOptions, checkTags } from "../../base/check-options.js";
import { CLIENT_OPTIONS, type ClientOptions, checkClientOptions } from "../../client/client-options.js";
import { checkSessionOptions, SESSION_OPTIONS, type SessionOptions } from "./session-options.js";

/**
 * Options for loading a model.
 *
 * @typeParam Key the keys of the model's signatures
 */
export interface LoadOptions<Key extends string = string> extends ClientOptions<Key>, SessionOptions {
  /**
   * Tags of the meta graph to load. By default those that the client was generated for; for `Model.load` `["serve"]`,
   * or those of the only meta graph.
   */
  readonly tags?: readonly string[];
}

const LOAD_OPTIONS = ["tags", ...CLIENT_OPTIONS, ...SESSION_OPTIONS];

/** @throws SavedModelError `INVALID_OPTION`, naming the option */
export function checkLoadOptions(call: string, options: LoadOptions): void {
  checkOptions(call, options, LOAD_OPTIONS);
  checkTags(call, options.tags);
  checkClientOptions(call, options);
  checkSessionOptions(call, options);
}

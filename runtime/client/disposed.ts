import { SavedModelError } from "../base/errors.js";

/** A model that can be disposed, explicitly or by the end of the block that declares it. */
export interface Disposed {
  /** True if a `using` declaration disposed it. */
  readonly isScopeEnded: boolean;
}

/**
 * Returns the error for the use of a model that was disposed.
 *
 * @param call the name of the call for messages, such as `train()`
 */
export function disposedError(call: string, { isScopeEnded }: Disposed): SavedModelError {
  const fix =
    "The block with its `using` has ended; at the top level of a module, that is when the module has run. Declare it with `const` where it is called later, and dispose it when nothing calls it any more.";
  return new SavedModelError("DISPOSED", `${call}: the model was disposed`, isScopeEnded ? { fix } : {});
}

import { SavedModelError } from "../base/errors.js";
import { quote, suggest } from "../base/text.js";

/** Returns the error for an unknown signature key. */
export function signatureNotFound(key: string, known: readonly string[]): SavedModelError {
  return new SavedModelError("SIGNATURE_NOT_FOUND", `the model has no signature ${quote(key)}`, {
    fix: suggest(key, known, "Its signatures"),
  });
}

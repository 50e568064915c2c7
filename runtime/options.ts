import { SavedModelError } from "./errors.js";
import { quote, suggest } from "./text.js";

/**
 * Refuses an options object with an unknown key, which would otherwise be ignored in silence.
 *
 * @throws SavedModelError `INVALID_OPTION`, naming the option and the nearest valid one
 */
export function checkOptions(call: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new SavedModelError("INVALID_ARGUMENT", `${call}: options must be an object`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new SavedModelError("INVALID_OPTION", `${call} has no option ${quote(key)}`, {
      fix: suggest(key, known, "Options", String),
    });
  }
}

/**
 * Refuses tags that are no list of texts, which native code could not take.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkTags(call: string, tags: unknown): void {
  if (tags === undefined) return;
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string" && !tag.includes("\0"))) return;
  throw new SavedModelError("INVALID_OPTION", `${call}: tags must be a list of texts, such as ["serve"]`);
}

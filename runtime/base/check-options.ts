import { SavedModelError } from "./errors.js";
import { quote, suggest } from "./text.js";

/**
 * Rejects an options object with an unknown key, which would otherwise be silently ignored.
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
 * Rejects tags that are not an array of strings, which native code could not take.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkTags(call: string, tags: unknown): void {
  if (tags === undefined) return;
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string" && !tag.includes("\0"))) return;
  throw new SavedModelError("INVALID_OPTION", `${call}: tags must be an array of strings, such as ["serve"]`);
}

/**
 * Rejects a count that is neither a positive integer nor infinity, which means no limit.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkCount(call: string, option: string, count: unknown): void {
  if (count === undefined || count === Number.POSITIVE_INFINITY) return;
  if (Number.isSafeInteger(count) && Number(count) >= 1) return;
  throw invalidOption(call, option, "a positive integer");
}

/**
 * Rejects a duration that is neither a positive number of milliseconds that timers support nor infinity, which means no
 * limit.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkTimeout(call: string, timeoutMs: unknown, option = "timeoutMs"): void {
  if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return;
  if (typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs < 2 ** 31) return;
  throw invalidOption(call, option, "a positive number of milliseconds below 2^31, or Infinity");
}

/**
 * Rejects a number of threads that TensorFlow could not start. Beyond what the system has, it ends the process.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkThreads(call: string, option: string, threads: unknown): void {
  if (threads === undefined || isThreadCount(threads)) return;
  throw invalidOption(call, option, `an integer from 1 to ${MAX_THREADS}`);
}

/** More than any machine has cores, and fewer than the threads of a process are limited to. */
export const MAX_THREADS = 1024;

function isThreadCount(threads: unknown): boolean {
  return typeof threads === "number" && Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS;
}

/**
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkFlag(call: string, option: string, flag: unknown): void {
  if (flag !== undefined && typeof flag !== "boolean") throw invalidOption(call, option, "true or false");
}

/** Returns the error for an option with an invalid value. */
export function invalidOption(call: string, option: string, allowed: string): SavedModelError {
  return new SavedModelError("INVALID_OPTION", `${call}: ${option} must be ${allowed}`);
}

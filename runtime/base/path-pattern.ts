import { SavedModelError } from "./errors.js";
import { printable } from "./text.js";

/**
 * Characters of patterns that do not stand for themselves as well, as `*` and `?` do; on Windows, the backslash separates
 * the names of a path.
 */
const PATTERN = process.platform === "win32" ? /\[/ : /[[\\]/;

/**
 * Returns the first character of a path that makes TensorFlow read it as a pattern: it then finds no checkpoint under
 * that path.
 */
export function patternIn(path: string): string | undefined {
  return PATTERN.exec(path)?.[0];
}

/**
 * Rejects a path under which TensorFlow would not find the variables again.
 *
 * @param call the name of the method, for the message
 * @throws SavedModelError `INVALID_ARGUMENT`
 */
export function requireNoPattern(call: string, path: string): void {
  const character = patternIn(path);
  if (character === undefined) return;
  throw new SavedModelError(
    "INVALID_ARGUMENT",
    `${call}: ${printable(path, 500)} has the character ${character}, and TensorFlow treats such a path of variables as a pattern`,
    { fix: "Use a path without [ and \\." },
  );
}

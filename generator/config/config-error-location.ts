import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { itemAt } from "../../runtime/base/item-at.js";

/** ` /project/savedmodel.config.ts:3:10`, as jiti reports what it cannot parse. */
const PARSED = /^ (.+):(\d+):(\d+)$/m;
/** `    at name (/project/models.ts:4:33)`, as in a stack trace. */
const CALLED = /^ +at (?:.*\()?(.+?):(\d+):(\d+)\)?$/gm;

/** The folder of this package's code. */
const OWN = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Returns the file and line of a project's own code that an error comes from, relative to a folder; undefined if it
 * names none.
 */
export function placeOf(error: unknown, folder: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const parsed = PARSED.exec(error.message);
  const places = [...(parsed === null ? [] : [parsed]), ...(error.stack ?? "").matchAll(CALLED)];
  for (const [, location = "", line = "", column = ""] of places) {
    const path = location.startsWith("file://") ? fileURLToPath(location) : location;
    // What called this package is not what it calls.
    if (path.startsWith(OWN)) return undefined;
    if (!isAbsolute(path) || /[\\/]node_modules[\\/]/.test(path)) continue;
    const file = relative(folder, path);
    return isCompiled(path, Number(line), Number(column)) ? file : `${file}:${line}`;
  }
  return undefined;
}

/**
 * Returns true for compiled code: it keeps the lines of its source, except for a prefix, which is all in the first
 * line.
 */
function isCompiled(path: string, line: number, column: number): boolean {
  if (line > 1) return false;
  try {
    return column > itemAt(readFileSync(path, "utf8").split("\n", 1), 0).length + 1;
  } catch {
    return true;
  }
}

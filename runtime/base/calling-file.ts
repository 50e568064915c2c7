import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** Engines may put frames of their own between a constructor and the code in a file. */
const FRAMES = 4;

/**
 * Returns the file that the code outside of `callee` was loaded from, undefined where the engine does not provide it.
 * It is the file that runs: the compiled one, or the bundle.
 *
 * No expression works in both ES modules and CommonJS: TypeScript rejects `import.meta` in CommonJS, and `__filename`
 * is not defined in ES modules.
 *
 * @param callee a function or class that is being called
 */
export function fileCalling(callee: Parameters<typeof Error.captureStackTrace>[1]): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_, frames) => frames;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callee);
    const frames: unknown = holder.stack;
    if (!Array.isArray(frames)) return undefined;
    return (frames as readonly NodeJS.CallSite[]).map(fileOf).find((file) => file !== undefined);
  } catch {
    // Where the intrinsics are frozen.
    return undefined;
  } finally {
    restore(prepareStackTrace, stackTraceLimit);
  }
}

function restore(prepareStackTrace: typeof Error.prepareStackTrace, stackTraceLimit: number): void {
  try {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  } catch {
    // Nothing was changed.
  }
}

function fileOf(frame: NodeJS.CallSite): string | undefined {
  const name = frame.getFileName() ?? frame.getScriptNameOrSourceURL();
  if (typeof name !== "string") return undefined;
  if (name.startsWith("file:")) return fileURLToPath(name);
  return isAbsolute(name) ? name : undefined;
}

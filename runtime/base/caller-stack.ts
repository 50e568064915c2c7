import { SavedModelError } from "./errors.js";

/** A public function, as it is on the stack while it runs. */
export type Entry = (...values: never[]) => unknown;

/** The errors whose stack begins at a caller already: an error of a call that was made while another one read its values. */
const begun: WeakSet<Error> = new WeakSet();

/**
 * Makes the stack of an error begin at the caller of a public function that is still running, instead of at the
 * function of this package that found the problem. By default ten frames are kept, and those of this package would fill
 * them.
 */
export function atCaller(error: unknown, entry: Entry | undefined): unknown {
  if (!(error instanceof SavedModelError) || begun.has(error)) return error;
  begun.add(error);
  const { stack } = error;
  Error.captureStackTrace(error, entry);
  // Does nothing where the function is not on the stack.
  if (stack !== undefined && !/\n\s+at /.test(error.stack ?? "")) error.stack = stack;
  return error;
}

/** Runs the body of a public function. Stacks of its errors begin at the function's caller. */
export function withCallerStack<T>(entry: Entry, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw atCaller(error, entry);
  }
}

/**
 * Runs the body of an asynchronous public function, which has not awaited anything yet. Stacks of its rejections begin
 * at the function's caller.
 */
export async function awaitAtCaller<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
  const caller = new CallerStack(entry);
  try {
    return await work();
  } catch (error) {
    throw caller.giveTo(error);
  }
}

/** The stack at the caller of an asynchronous function, for errors that are thrown when the caller has gone on. */
export class CallerStack {
  readonly #frames: string;

  /** @param entry the asynchronous function, which has not awaited anything yet */
  constructor(entry: Entry) {
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, entry);
    const stack = holder.stack ?? "";
    const first = stack.search(/\n\s+at /);
    this.#frames = first < 0 ? "" : stack.slice(first);
  }

  /** Makes the stack of an error begin here. */
  giveTo(error: unknown): unknown {
    if (!(error instanceof SavedModelError) || begun.has(error) || this.#frames === "") return error;
    begun.add(error);
    error.stack = `${error.name}: ${error.message}${this.#frames}`;
    return error;
  }
}

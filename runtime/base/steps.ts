/**
 * A part of some work that blocks: done at once on the calling thread, or later without blocking it. The work is written
 * once, as a generator of such steps; `runNow` and `runLater` do it.
 */
interface Step {
  now(): unknown;
  later(): Promise<unknown>;
}

/** Work in steps, with its result. */
export type Steps<T> = Generator<Step, T, unknown>;

/** Work that is one step: `const bytes = yield* step(readNow, readLater)`. */
export function* step<T>(now: () => T, later: () => Promise<T>): Steps<T> {
  // The two that run steps return what `now` or `later` has returned.
  return (yield { now, later }) as T;
}

/** A step that blocks the calling thread in either case. */
export function blocking<T>(now: () => T): Steps<T> {
  return step(now, async () => now());
}

/** A step of nothing, before which the event loop gets a turn. */
export function* breathe(): Steps<void> {
  yield* step(
    () => {},
    () => new Promise<void>((resolve) => setImmediate(resolve)),
  );
}

/** Does work on the calling thread. */
export function runNow<T>(steps: Steps<T>): T {
  let at = steps.next();
  while (at.done !== true) {
    let outcome: unknown;
    try {
      outcome = at.value.now();
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    at = steps.next(outcome);
  }
  return at.value;
}

/** Does the same work without blocking the calling thread in its steps. */
export async function runLater<T>(steps: Steps<T>): Promise<T> {
  let at = steps.next();
  while (at.done !== true) {
    let outcome: unknown;
    try {
      outcome = await at.value.later();
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    at = steps.next(outcome);
  }
  return at.value;
}

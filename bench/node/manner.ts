import type { CallCase } from "../contestants/case.js";
import type { Call } from "./answer.js";

/** Returns the calls of a case as one, in its manner. Each receives its index. */
export function inManner(
  { manner = "sync", repeat = 1 }: CallCase,
  run: (index: number) => unknown,
  start: (index: number) => Promise<unknown>,
): Call {
  if (manner === "concurrent") return () => Promise.all(Array.from({ length: repeat }, (_, index) => start(index)));
  let last: unknown;
  if (manner === "awaited") {
    return async () => {
      for (let index = 0; index < repeat; index++) last = await start(index);
      return last;
    };
  }
  if (repeat === 1) return () => run(0);
  return () => {
    for (let index = 0; index < repeat; index++) last = run(index);
    return last;
  };
}

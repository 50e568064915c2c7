import type { BenchOptions } from "../options.js";
import type { Figures } from "../report/figures.js";
import type { Comparison, Pace } from "../rounds.js";
import type { Workplace } from "../workplace.js";

/**
 * Comparisons that share their programs, or figures that were taken already. The programs run while the suite is iterated
 * over, so each comparison is to be made before the next is asked for.
 */
export type Suite = (workplace: Workplace, options: BenchOptions) => AsyncIterable<Comparison | Figures>;

/** Enough rounds to tell 2 % on a quiet machine; a quick run tells 20 %. */
export function paceOf({ quick }: BenchOptions, overrides: Partial<Pace> = {}): Pace {
  return quick
    ? { rounds: 3, roundMs: 50, warmUpMs: 150, minimumCalls: 3, ...overrides }
    : { rounds: 9, roundMs: 150, warmUpMs: 500, minimumCalls: 5, ...overrides };
}

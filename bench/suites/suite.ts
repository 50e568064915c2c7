import type { BenchOptions } from "../options.js";
import type { Figures } from "../report/figures.js";
import type { Comparison, Pace } from "../rounds.js";
import type { Workplace } from "../workplace.js";

/**
 * Comparisons that share their programs, or figures that were already measured. The programs run while the suite is
 * iterated over, so each comparison must be made before the next is requested.
 */
export type Suite = (workplace: Workplace, options: BenchOptions) => AsyncIterable<Comparison | Figures>;

/** Returns a pace with enough rounds to tell 2 % on a quiet machine; a quick run tells 20 %. */
export function paceOf({ quick }: BenchOptions, overrides: Partial<Pace> = {}): Pace {
  return quick
    ? { rounds: 3, roundMs: 50, warmUpMs: 150, minimumCalls: 3, ...overrides }
    : { rounds: 9, roundMs: 150, warmUpMs: 500, minimumCalls: 5, ...overrides };
}

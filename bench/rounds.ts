import type { Absentee, Contestant, Entry, Sample } from "./contestants/case.js";
import { type Interval, median, medianInterval } from "./statistics.js";

/** Duration of a comparison. */
export interface Pace {
  readonly rounds: number;
  /** Approximate time of one contestant in one round. */
  readonly roundMs: number;
  readonly warmUpMs: number;
  readonly minimumCalls: number;
  /**
   * Number of rounds after which the programs are started again. Processes of one program differ by some percent for as long as
   * they run, by where their memory happens to be.
   */
  readonly restartAfter?: number;
}

/** Unit of the figures. */
export type Unit = "nanoseconds" | "bytes";

/** Contestants that do the same work. */
export interface Comparison {
  readonly name: string;
  /** Human-readable title. */
  readonly title: string;
  /** Names of the contestants that all are divided by. The first one's ratios are the main ones. */
  readonly baselines: readonly string[];
  readonly entries: readonly Entry[];
  readonly pace: Pace;
  /** Unit of the comparison; nanoseconds by default. */
  readonly unit?: Unit;
}

/** Results of a contestant, in nanoseconds per call or in bytes. */
export interface Score {
  readonly name: string;
  readonly calls: number;
  /** Median of the rounds' medians, and the lowest and the highest of them, which show how quiet the machine was. */
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Median of the rounds' 99th percentiles. */
  readonly p99: number;
  /** Medians of the rounds, in their order. */
  readonly rounds: readonly number[];
  /** Ratios to each baseline; null where the baseline is absent. */
  readonly ratios: readonly (Ratio | null)[];
}

/** Median of the ratios to another contestant, each computed within one round. */
export interface Ratio {
  readonly median: number;
  /** 95 % confidence interval of the median; null with too few rounds. */
  readonly interval: Interval | null;
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly baselines: readonly string[];
  readonly unit: Unit;
  readonly rounds: number;
  readonly scores: readonly (Score | Absentee)[];
}

/** A contestant, its number of calls per round, and its rounds so far. */
interface Runner {
  readonly contestant: Contestant;
  readonly calls: number;
  readonly samples: Sample[];
}

const MAXIMUM_CALLS = 100_000;

/**
 * Alternates the contestants: A B C C B A A B C …, so that other load on the machine affects all of them alike, and so
 * does what the one before leaves in the processor's caches.
 *
 * A contestant that fails becomes an absentee; the others continue.
 */
export async function compare({
  name,
  title,
  baselines,
  entries,
  pace,
  unit = "nanoseconds",
}: Comparison): Promise<Result> {
  const runners = new Map<string, Runner>();
  const absent = new Map<string, Absentee>();
  const attempt = async (contestant: Contestant, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      runners.delete(contestant.name);
      absent.set(contestant.name, {
        name: contestant.name,
        absent: error instanceof Error ? error.message : `${error}`,
      });
    }
  };
  for (const entry of entries) {
    if ("absent" in entry) absent.set(entry.name, entry);
    else {
      await attempt(entry, async () => {
        runners.set(entry.name, { contestant: entry, calls: await warmUp(entry, pace), samples: [] });
      });
    }
  }
  for (let round = 0; round < pace.rounds; round++) {
    if (round > 0 && pace.restartAfter !== undefined && round % pace.restartAfter === 0) {
      const programs = new Set<Contestant["program"]>();
      for (const { contestant } of [...runners.values()]) {
        await attempt(contestant, async () => {
          if (!programs.has(contestant.program)) await contestant.program?.restart();
          programs.add(contestant.program);
          await warmUp(contestant, pace);
        });
      }
    }
    const order = [...runners.values()];
    for (const { contestant, calls, samples } of round % 2 === 0 ? order : order.reverse()) {
      await attempt(contestant, async () => {
        samples.push(await contestant.run(calls));
      });
    }
  }
  const bases = baselines.map((baseline) => runners.get(baseline)?.samples.map(({ median }) => median));
  const scores = entries.map((entry) => {
    const runner = runners.get(entry.name);
    return runner === undefined ? (absent.get(entry.name) ?? { name: entry.name, absent: "" }) : score(runner, bases);
  });
  return { name, title, baselines, unit, rounds: pace.rounds, scores };
}

/** Runs a contestant for a while; returns the number of calls per round. */
async function warmUp({ run }: Contestant, { warmUpMs, roundMs, minimumCalls }: Pace): Promise<number> {
  const start = performance.now();
  // The first call of a signature builds its executor: it does not predict the following ones.
  let { median: nanoseconds } = await run(1);
  for (let calls = 1; ; calls *= 2) {
    const left = warmUpMs - (performance.now() - start);
    if (left <= 0) break;
    const fitting = Math.ceil((left * 1e6) / nanoseconds);
    ({ median: nanoseconds } = await run(Math.max(1, Math.min(calls, fitting))));
  }
  const calls = Math.round((roundMs * 1e6) / nanoseconds);
  return Math.min(MAXIMUM_CALLS, Math.max(minimumCalls, calls));
}

function score({ contestant, calls, samples }: Runner, bases: readonly (readonly number[] | undefined)[]): Score {
  const medians = samples.map((sample) => sample.median);
  return {
    name: contestant.name,
    calls,
    median: median(medians),
    lowest: Math.min(...medians),
    highest: Math.max(...medians),
    p99: median(samples.map((sample) => sample.p99)),
    rounds: medians,
    ratios: bases.map((base) => (base === undefined ? null : ratioOf(medians, base))),
  };
}

/** Compares the medians of two contestants, round by round. */
export function ratioOf(rounds: readonly number[], base: readonly number[]): Ratio {
  const ratios = rounds.map((value, round) => value / (base[round] ?? Number.NaN));
  return { median: median(ratios), interval: medianInterval(ratios) };
}

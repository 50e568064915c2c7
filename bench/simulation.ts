import { quantile } from "./statistics.js";

/** Servers that are replicas of one model, and the requests that they get. */
export interface Load {
  readonly replicas: number;
  /** Requests per second, at times that are independent of each other (a Poisson process). */
  readonly perSecond: number;
  /** Most requests that a replica runs as one batch: those that wait when it becomes free. */
  readonly maxBatch: number;
  /** Time in milliseconds that a replica takes for a batch of this size. */
  readonly timeOf: (batch: number) => number;
  /** Number of requests to simulate. */
  readonly requests: number;
}

/** Latencies of a load, and how busy its replicas are. */
export interface Outcome {
  /** Median and 99th percentile of the milliseconds from a request's arrival to the end of its batch. */
  readonly median: number;
  readonly p99: number;
  /** Mean of the time that requests wait before their batch begins, in milliseconds. */
  readonly meanWait: number;
  /** Part of the time that a replica is busy. */
  readonly busy: number;
  /** Mean number of requests in a batch. */
  readonly meanBatch: number;
}

/** A replica: requests that wait, in order of arrival, and the batch that it runs. */
interface Replica {
  readonly waiting: number[];
  /** Arrivals of the requests of the batch that runs. */
  running: readonly number[];
  /** Time at which the batch ends; infinity while there is none. */
  end: number;
}

/** Part of the requests at the start that are not counted, while queues fill. */
const WARM_UP = 0.1;

/**
 * Simulates a client that sends each request to the replica with the fewest in flight, as this package's clients do.
 *
 * @param random returns numbers in [0, 1)
 */
export function simulate(load: Load, random: () => number): Outcome {
  const { perSecond, maxBatch, timeOf, requests } = load;
  const replicas = Array.from({ length: load.replicas }, (): Replica => {
    return { waiting: [], running: [], end: Number.POSITIVE_INFINITY };
  });
  const skipped = Math.floor(requests * WARM_UP);
  const latencies = new Float64Array(requests - skipped);
  let [arrived, ended, next, waited, busyTime, batches, batched] = [0, 0, 0, 0, 0, 0, 0];
  let clock = 0;
  const begin = (replica: Replica): void => {
    replica.running = replica.waiting.splice(0, maxBatch);
    const { length } = replica.running;
    if (length === 0) {
      replica.end = Number.POSITIVE_INFINITY;
      return;
    }
    const time = timeOf(length);
    for (const arrival of replica.running) waited += clock - arrival;
    busyTime += time;
    batches++;
    batched += length;
    replica.end = clock + time;
  };
  let arrival = interval(perSecond, random);
  while (ended < requests) {
    const first = replicas.reduce((a, b) => (b.end < a.end ? b : a));
    if (arrived < requests && arrival <= first.end) {
      clock = arrival;
      arrival += interval(perSecond, random);
      arrived++;
      const chosen = fewest(replicas, next);
      next = (next + 1) % replicas.length;
      chosen.waiting.push(clock);
      if (chosen.end === Number.POSITIVE_INFINITY) begin(chosen);
      continue;
    }
    clock = first.end;
    for (const at of first.running) {
      const place = ended++ - skipped;
      if (place >= 0) latencies[place] = clock - at;
    }
    begin(first);
  }
  latencies.sort();
  return {
    median: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    meanWait: waited / requests,
    busy: busyTime / (clock * replicas.length),
    meanBatch: batched / batches,
  };
}

/** Returns a random time in milliseconds between two arrivals. */
function interval(perSecond: number, random: () => number): number {
  return (-Math.log(1 - random()) * 1000) / perSecond;
}

/** Returns the replica with the fewest requests in flight; among equals each in turn is the first. */
function fewest(replicas: readonly Replica[], first: number): Replica {
  let best: Replica | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let offset = 0; offset < replicas.length; offset++) {
    const replica = replicas[(first + offset) % replicas.length];
    if (replica === undefined) continue;
    const count = replica.waiting.length + replica.running.length;
    if (count >= least) continue;
    best = replica;
    least = count;
    if (count === 0) break;
  }
  if (best === undefined) throw new Error("a load without replicas");
  return best;
}

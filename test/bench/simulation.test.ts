import { describe, expect, it } from "vitest";
import { type Load, simulate } from "../../bench/simulation.js";
import { seededRandom } from "../../runtime/data/index.js";

const load = (more: Partial<Load>): Load => {
  return { replicas: 1, perSecond: 100, maxBatch: 1, timeOf: () => 5, requests: 200_000, ...more };
};

describe("the simulation of replicas", () => {
  it.each([0.3, 0.5, 0.8])("has the mean wait of an M/D/1 queue that is busy for %d of its time", (busy) => {
    const time = 5;
    const outcome = simulate(load({ perSecond: (busy * 1000) / time }), seededRandom(7));
    // Pollaczek and Khinchine: ρ s / 2 (1 − ρ).
    const expected = (busy * time) / (2 * (1 - busy));
    expect(outcome.busy).toBeCloseTo(busy, 1);
    expect(outcome.meanWait / expected).toBeGreaterThan(0.9);
    expect(outcome.meanWait / expected).toBeLessThan(1.1);
  });

  it("runs a request on an idle replica at once", () => {
    const { median, p99, meanBatch } = simulate(load({ replicas: 50, perSecond: 10 }), seededRandom(7));
    expect([median, p99, meanBatch]).toEqual([expect.closeTo(5), expect.closeTo(5), 1]);
  });

  it("batches what waits, and carries more by that", () => {
    const timeOf = (batch: number): number => 3 + 2 * batch;
    const alone = simulate(load({ perSecond: 190, timeOf }), seededRandom(7));
    const batched = simulate(load({ perSecond: 190, timeOf, maxBatch: 8 }), seededRandom(7));
    expect(batched.p99).toBeLessThan(alone.p99 / 2);
    expect(batched.meanBatch).toBeGreaterThan(1);
  });
});

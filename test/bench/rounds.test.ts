import { expect, it } from "vitest";
import type { Contestant } from "../../bench/contestants/case.js";
import { compare } from "../../bench/rounds.js";

const pace = { rounds: 6, roundMs: 0, warmUpMs: 0, minimumCalls: 1 };

/** A contestant whose rounds take these times; `ran` receives its name each time. The first run is the warm-up. */
function contestant(name: string, times: readonly number[], ran: string[] = []): Contestant {
  let next = -1;
  return {
    name,
    run: async () => {
      const time = times[Math.max(0, next++)] ?? Number.NaN;
      ran.push(name);
      return { median: time, p99: time * 2 };
    },
  };
}

it("ratios are medians over rounds, to each baseline, with an interval", async () => {
  const { scores } = await compare({
    name: "x",
    title: "x",
    baselines: ["a", "b", "none"],
    pace,
    entries: [contestant("a", [10, 20, 30, 40, 50, 60]), contestant("b", [20, 20, 30, 80, 100, 180])],
  });
  expect(scores).toMatchObject([
    { name: "a", median: 30, lowest: 10, highest: 60, p99: 60, rounds: [10, 20, 30, 40, 50, 60] },
    { name: "b", median: 30, ratios: [{ median: 2, interval: { low: 1, high: 3 } }, { median: 1 }, null] },
  ]);
});

it("contestants take turns, in the reverse order every other round", async () => {
  const ran: string[] = [];
  const times = [1, 1, 1, 1, 1, 1];
  const entries = ["a", "b", "c"].map((name) => contestant(name, times, ran));
  await compare({ name: "x", title: "x", baselines: ["a"], pace: { ...pace, rounds: 3 }, entries });
  expect(ran.slice(3).join("")).toBe("abccbaabc");
});

it("programs are started again after some rounds: once for all contestants of one", async () => {
  const ran: string[] = [];
  const times = Array.from({ length: 9 }, () => 1);
  const program = { restart: async () => void ran.push("!") };
  const entries = ["a", "b", "c"].map((name) => ({
    ...contestant(name, times, ran),
    ...(name === "c" ? {} : { program }),
  }));
  await compare({ name: "x", title: "x", baselines: ["a"], pace: { ...pace, rounds: 4, restartAfter: 2 }, entries });
  // Each is warmed up again.
  expect(ran.join("")).toBe("abcabccba!abcabccba");
});

it("a contestant that fails becomes an absentee with its reason, and the others continue", async () => {
  const failing: Contestant = { name: "b", run: () => Promise.reject(new Error("out of memory")) };
  const { scores } = await compare({
    name: "x",
    title: "x",
    baselines: ["b"],
    pace,
    entries: [contestant("a", [1, 1, 1, 1, 1, 1]), failing, { name: "c", absent: "no compiler" }],
  });
  expect(scores).toMatchObject([
    { name: "a", median: 1, ratios: [null] },
    { name: "b", absent: "out of memory" },
    { name: "c", absent: "no compiler" },
  ]);
});

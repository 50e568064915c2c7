import { createInterface } from "node:readline";
import type { Sample } from "../contestants/case.js";
import { summarize } from "../statistics.js";
import { requireBuilt } from "./built.js";

/** One call of a prepared case; returns a promise when it is asynchronous. */
export type Call = () => unknown;

/** Last result of a call: without it the optimizer might drop work whose result is not used. */
let result: unknown;

/**
 * Prints `{"ready":true,…}`, then answers every line `case calls` of the standard input with nanoseconds per call,
 * or with the error of a call, until the input ends.
 */
export async function answer(calls: ReadonlyMap<string, Call>): Promise<void> {
  requireBuilt();
  process.stdout.write(`${JSON.stringify({ ready: true, node: process.version })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [name = "", count = ""] = line.split(" ");
    const call = calls.get(name);
    if (call === undefined) throw new Error(`there is no case ${name}`);
    process.stdout.write(`${JSON.stringify(await attempt(call, Number(count)))}\n`);
  }
  if (result === undefined) process.exitCode = 1;
}

async function attempt(call: Call, count: number): Promise<object> {
  try {
    return { calls: count, ...(await measure(call, count)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : `${error}` };
  }
}

async function measure(call: Call, count: number): Promise<Sample> {
  const samples = new Float64Array(count);
  let before = performance.now();
  for (let index = 0; index < count; index++) {
    result = call();
    // A call on this thread must not wait for the end of its turn.
    if (result instanceof Promise) result = await result;
    const after = performance.now();
    samples[index] = (after - before) * 1e6;
    before = after;
  }
  return summarize(samples);
}

/**
 * `loop.js <client> <cases as JSON>`: calls a generated client, and takes the time of each call.
 *
 * Prints `{"ready":true,…}`, then answers every line `case calls` of its standard input with nanoseconds per call.
 */
import { createInterface } from "node:readline";
import type { CallCase, Sample } from "../contestants/case.js";
import { summarize } from "../statistics.js";
import { type Call, checkIdentity, clients } from "./cases.js";

const [client = "", json = "[]"] = process.argv.slice(2);
const load = clients[client];
if (load === undefined) throw new Error(`there is no client ${client}`);
// TypeScript loaders know another meaning of the name than users' programs: the sources.
const measured = import.meta.resolve("savedmodel");
if (!measured.endsWith("/dist/runtime/index.js")) throw new Error(`would measure ${measured}, not the built package`);

const prepare = load();
const calls = new Map<string, Call>();
for (const kase of JSON.parse(json) as CallCase[]) {
  const call = prepare(kase);
  checkIdentity(kase, call);
  calls.set(kase.name, call);
}

/** What a call returned last: without it the optimiser might drop work that nobody looks at. */
let result: unknown;

function measure(call: Call, count: number): Sample {
  const samples = new Float64Array(count);
  let before = performance.now();
  for (let index = 0; index < count; index++) {
    result = call();
    const after = performance.now();
    samples[index] = (after - before) * 1e6;
    before = after;
  }
  return summarize(samples);
}

process.stdout.write(`${JSON.stringify({ ready: true, node: process.version })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", count = ""] = line.split(" ");
  const call = calls.get(name);
  if (call === undefined) throw new Error(`there is no case ${name}`);
  process.stdout.write(`${JSON.stringify({ calls: Number(count), ...measure(call, Number(count)) })}\n`);
}
if (result === undefined) process.exitCode = 1;

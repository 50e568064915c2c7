/**
 * `node --expose-gc soak.js <phase> <count>`: does a phase's work, and prints as JSON how much memory was resident after the
 * warm-up and at the end, in bytes.
 */
import { setTimeout } from "node:timers/promises";
import { requireBuilt } from "./built.js";
import { phases } from "./phases.js";

const [name, count = ""] = process.argv.slice(2);
const phase = phases.find((phase) => phase.name === name);
if (phase === undefined) throw new Error(`there is no phase ${name}`);
if (globalThis.gc === undefined) throw new Error("memory can be compared only with --expose-gc");
requireBuilt();

/** Garbage is not growth. Finalizers run between the collections, and what they held goes with the second. */
async function resident(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await setTimeout(100);
  }
  return process.memoryUsage.rss();
}

const work = phase.start();
await work(phase.warmUp);
const warm = await resident();
const before = performance.now();
await work(Number(count));
const milliseconds = performance.now() - before;
process.stdout.write(`${JSON.stringify({ warm, end: await resident(), milliseconds })}\n`);

/**
 * `node --expose-gc soak.js <phase> <count> <warm-up>`: does a phase's work in {@link PARTS} parts, and prints as JSON
 * what the process held after the warm-up and after each part.
 *
 * Temporary files go to the system's temporary folder, which this process must have to itself.
 */
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout } from "node:timers/promises";
import { requireBuilt } from "./built.js";
import type { LiveObjects } from "./native-objects.js";
import { countNativeObjects } from "./native-objects.js";
import { phases } from "./phases.js";

/** Resources of a process at a moment. */
export interface Held {
  /** Resident memory in bytes. */
  readonly bytes: number;
  /** Number of counted things by kind: native objects, open files, temporary files. */
  readonly things: LiveObjects;
}

export interface SoakReport {
  readonly held: readonly Held[];
  readonly milliseconds: number;
}

const PARTS = 3;

const [name, count = "", warmUp = ""] = process.argv.slice(2);
const phase = phases.find((phase) => phase.name === name);
if (phase === undefined) throw new Error(`there is no phase ${name}`);
if (globalThis.gc === undefined) throw new Error("memory can be compared only with --expose-gc");
requireBuilt();

const liveObjects = countNativeObjects();

/**
 * Returns the resources after garbage collections. Finalizers run between them, and the next one frees what they held.
 */
async function held(): Promise<Held> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await setTimeout(20);
  }
  const files = readdirSync(tmpdir(), { recursive: true }).length;
  const open = existsSync("/proc/self/fd") ? { "open file": readdirSync("/proc/self/fd").length } : {};
  return {
    bytes: process.memoryUsage.rss(),
    things: { ...liveObjects(), ...open, "temporary file": files },
  };
}

const work = phase.start();
await work(Number(warmUp));
const all = [await held()];
const before = performance.now();
for (let part = 0; part < PARTS; part++) {
  await work(Math.ceil(Number(count) / PARTS));
  all.push(await held());
}
const milliseconds = performance.now() - before;
// Servers of a phase would keep the process from its end.
process.stdout.write(`${JSON.stringify({ held: all, milliseconds } satisfies SoakReport)}\n`, () => process.exit());

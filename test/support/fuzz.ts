// Run by fuzz.test.ts in a process of its own, with little memory: reads the broken models of a range of numbers.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate, inspect } from "../../generator/index.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import { mutate, type Victim, victim } from "./mutate.js";
import { shared } from "./shared-models.js";

/** The outcome of the inputs; the last line that the process prints. */
export interface FuzzReport {
  /** By code of the error; `described` for those that are models still. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly generated: number;
  /** Errors that are not a SavedModelError, or that hide a bug of ours. */
  readonly failures: readonly string[];
  /** The most that the processor worked for one. */
  readonly slowestMs: number;
  readonly slowest: string;
  /** Of the process at its largest. */
  readonly megabytes: number;
}

/** The decoder's errors for bytes that are not a message; any other cause is a hidden bug. */
const DECODER_ERRORS =
  /^(index out of range|max depth exceeded|illegal tag|invalid (wire type|tag|length|varint|end group)|The encoded data)/;

/** Larger ones have the same fields, and more of them. */
const MAX_BYTES = 150_000;

const [first, last] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
try {
  console.log(JSON.stringify(fuzz(first ?? 0, last ?? 0)));
} finally {
  rmSync(folder, { recursive: true });
}

function fuzz(from: number, to: number): FuzzReport {
  const victims = readVictims();
  const outcomes: Record<string, number> = {};
  const failures: string[] = [];
  const seen = new Set<string>();
  let slowestMs = 0;
  let slowest = "";
  for (let number = from; number < to; number++) {
    const { what, bytes } = mutate(victims, number);
    writeFileSync(join(folder, "saved_model.pb"), bytes);
    const started = process.cpuUsage();
    let outcome = "described";
    try {
      const description = JSON.stringify(inspect(folder));
      // The text depends on the description alone.
      if (!seen.has(description)) generate(folder);
      seen.add(description);
    } catch (error) {
      outcome = error instanceof SavedModelError ? error.code : "another error";
      const mistake = mistakeIn(error);
      if (mistake !== undefined) failures.push(`${number} (${what}): ${String(mistake)}`);
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    const { user, system } = process.cpuUsage(started);
    const ms = (user + system) / 1000;
    if (ms > slowestMs) [slowestMs, slowest] = [ms, `${number} (${what})`];
    if (number % 1000 === 0) console.log(`${number}`);
  }
  const megabytes = process.resourceUsage().maxRSS / 1024;
  return { outcomes, generated: seen.size, failures: failures.slice(0, 10), slowestMs, slowest, megabytes };
}

function mistakeIn(error: unknown): unknown {
  if (!(error instanceof SavedModelError)) return error;
  const { cause } = error;
  return cause === undefined || (cause instanceof Error && DECODER_ERRORS.test(cause.message)) ? undefined : cause;
}

function readVictims(): readonly Victim[] {
  const folders = [fileURLToPath(new URL("../models", import.meta.url)), shared];
  return folders
    .filter(existsSync)
    .flatMap((models) => readdirSync(models).map((name) => join(models, name, "saved_model.pb")))
    .filter((file) => existsSync(file) && statSync(file).size <= MAX_BYTES)
    .map((file) => victim(readFileSync(file)));
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Result } from "../rounds.js";
import type { Figures } from "./figures.js";
import type { Setting } from "./setting.js";

/** Figures of a run, in the unit of each. */
export interface Run {
  readonly setting: Setting;
  readonly results: readonly (Figures | Result)[];
}

/** Significant digits of the figures in a file. */
const DIGITS = 5;

export function writeRun(file: string, run: Run): void {
  mkdirSync(dirname(file), { recursive: true });
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  // Lists of numbers on one line. What was not measured is NaN, which JSON writes as null.
  const text = JSON.stringify(run, rounded, 2).replaceAll(/\[[^[\]{}"]*\]/g, (list) =>
    list.replaceAll(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]"),
  );
  writeFileSync(file, `${text}\n`);
}

/** Reads a file of `writeRun`. */
export function readRun(file: string): Run {
  const numbers = (key: string, value: unknown): unknown =>
    Array.isArray(value) && key === "values" ? value.map((each) => each ?? Number.NaN) : value;
  // Written by this program.
  return JSON.parse(readFileSync(file, "utf8"), numbers) as Run;
}

/** Reads all files of a folder, the newest run first. */
export function readRuns(folder: string): readonly Run[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => readRun(join(folder, name)))
    .sort((a, b) => b.setting.date.localeCompare(a.setting.date));
}

/** Writes a run in place of that in the file; of a part of the comparisons, only those are replaced. */
export function updateRun(file: string, { setting, results }: Run, isPart: boolean): void {
  const old = isPart && existsSync(file) ? readRun(file).results : [];
  const replaced = old.map((result) => results.find(({ name }) => name === result.name) ?? result);
  const added = results.filter(({ name }) => !old.some((result) => result.name === name));
  writeRun(file, { setting, results: [...replaced, ...added] });
}

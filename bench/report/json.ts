import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Result } from "../rounds.js";
import type { Figures } from "./figures.js";

/** Environment of the measurements. */
export interface Setting {
  readonly tensorflow: string;
  readonly node: string;
  readonly platform: string;
  readonly processors: number;
}

export function settingOf(tensorflow: string): Setting {
  return {
    tensorflow,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    processors: availableParallelism(),
  };
}

/** Writes the figures in the unit of each result. */
export function writeJson(file: string, setting: Setting, results: readonly (Figures | Result)[]): void {
  writeFileSync(file, `${JSON.stringify({ setting, results }, null, 2)}\n`);
}

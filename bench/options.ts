import { parseArgs } from "node:util";
import { GOAL_COMPARISONS } from "./goals.js";

/** Parsed command-line options. */
export interface BenchOptions {
  readonly quick: boolean;
  /** Path of the JSON file for the figures. */
  readonly json: string | undefined;
  /** True to write the figures to the processor's file in docs/benchmarks. */
  readonly save: boolean;
  /** True to print which goals are met. */
  readonly goals: boolean;
  /** Selected comparisons; empty for all of them. */
  readonly only: readonly string[];
  /** A Python with TensorFlow. */
  readonly python: string | undefined;
}

export const USAGE = `usage: npm run bench -- [options]

  --quick          a short run, for a first look
  --only <name>    only this comparison, or group of them (train, pred, batch-sizes, identity, identity/1KB, strings, async,
                   batching, concurrency, fit, event-loop, cnn, mobilenet, remote, cluster, start, inspect, decode, generate, editor, …); can be
                   given several times
  --goals          only what the goals need, unless --only is given, and which of them are met, and what is
                   slower than the saved figures of this processor; a whole run ends with the same
  --python <path>  a Python with TensorFlow to compare with (default: that of \`npm run conformance\`, if it is there)
  --json <file>    write the figures there as well
  --save           write the figures to docs/benchmarks/, in the file of this processor
  --docs           measure nothing; write the tables and the chart of docs/benchmarks.md from the files in docs/benchmarks/
`;

/** Parses the command line. @throws TypeError for an unknown option, or options that contradict each other */
export function parseOptions(args: readonly string[]): BenchOptions | "docs" | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      save: { type: "boolean", default: false },
      docs: { type: "boolean", default: false },
      goals: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      python: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  if (values.docs) return "docs";
  if (values.save && values.quick) throw new TypeError("--save is for whole runs: a quick one tells too little");
  const { quick, json, save, goals, only, python } = values;
  return { quick, json, save, goals, only: goals && only.length === 0 ? GOAL_COMPARISONS : only, python };
}

/** Returns whether a comparison such as `identity/1KB` is selected. */
export function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((wanted) => name === wanted || name.startsWith(`${wanted}/`));
}

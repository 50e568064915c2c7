import { parseArgs } from "node:util";

/** Parsed command-line options. */
export interface BenchOptions {
  readonly quick: boolean;
  /** Path of the JSON file for the figures. */
  readonly json: string | undefined;
  /** Selected comparisons; empty for all of them. */
  readonly only: readonly string[];
  /** A Python with TensorFlow. */
  readonly python: string | undefined;
}

export const USAGE = `usage: npm run bench -- [options]

  --quick          a short run, for a first look
  --only <name>    only this comparison, or group of them (train, pred, identity, identity/1KB, strings, async, batching, fit,
                   event-loop, cnn, mobilenet, inspect, decode, generate, editor, …); can be given several times
  --python <path>  a Python with TensorFlow to compare with (default: that of \`npm run conformance\`, if it is there)
  --json <file>    write the figures there as well
`;

/** Parses the command line. @throws TypeError for an unknown option */
export function parseOptions(args: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      python: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return { quick: values.quick, json: values.json, only: values.only, python: values.python };
}

/** Returns whether a comparison such as `identity/1KB` is selected. */
export function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((wanted) => name === wanted || name.startsWith(`${wanted}/`));
}

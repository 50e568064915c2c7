import { spawnSync } from "node:child_process";
import { distFile } from "./dist.js";

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a user would, without a terminal. */
export function savedmodel(
  parameters: readonly string[],
  cwd?: string,
  variables: Readonly<Record<string, string>> = {},
): Finished {
  // The environment of the tests may set colors and the terminal's width; a user who pipes the output gets neither.
  const { FORCE_COLOR: _, COLUMNS: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [distFile("generator/cli/main.js"), ...parameters], {
    cwd,
    env: { ...env, ...variables },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

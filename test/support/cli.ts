import { execFile, spawnSync } from "node:child_process";
import { distFile } from "./dist.js";

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Does the same as {@link savedmodel} while this process goes on, such as a server that the command calls. */
export function savedmodelBeside(parameters: readonly string[], cwd?: string): Promise<Finished> {
  const { FORCE_COLOR: _, COLUMNS: __, ...env } = process.env;
  return new Promise((resolve) => {
    const command = [distFile("generator/cli/main.js"), ...parameters];
    const child = execFile(process.execPath, command, { cwd, env }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr });
    });
  });
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

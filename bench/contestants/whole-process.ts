import { spawnSync } from "node:child_process";
import { summarize } from "../statistics.js";
import type { Contestant } from "./case.js";
import type { Command } from "./program.js";

/** Returns a command as a contestant: a call is one process, from its start to its end, with its output read. */
export function wholeProcess(name: string, command: Command, directory: string): Contestant {
  return perProcess(name, () => {
    const before = performance.now();
    finished(command, directory);
    return (performance.now() - before) * 1e6;
  });
}

/** Returns a command that prints its peak memory in bytes as a contestant. */
export function peakMemory(name: string, command: Command, directory: string): Contestant {
  return perProcess(name, () => Number(finished(command, directory)));
}

function perProcess(name: string, run: () => number): Contestant {
  return { name, run: async (calls) => summarize(Float64Array.from({ length: calls }, run)) };
}

/** Runs a command to its end, and returns its output. */
export function finished({ file, args, env }: Command, directory: string): string {
  const { error, status, signal, stderr, stdout } = spawnSync(file, args, {
    cwd: directory,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`ended with ${status ?? signal}: ${stderr.trim().split("\n").at(-1)}`);
  return stdout;
}

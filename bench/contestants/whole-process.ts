import { spawnSync } from "node:child_process";
import { summarize } from "../statistics.js";
import type { Contestant } from "./case.js";
import type { Command } from "./program.js";

/** A command as a contestant: a call is one process, from its start to its end, with its output read. */
export function wholeProcess(name: string, { file, args }: Command, directory: string): Contestant {
  const run = (): number => {
    const before = performance.now();
    const { error, status, signal, stderr } = spawnSync(file, args, { cwd: directory, encoding: "utf8" });
    const after = performance.now();
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`ended with ${status ?? signal}: ${stderr.trim().split("\n").at(-1)}`);
    return (after - before) * 1e6;
  };
  return { name, run: async (calls) => summarize(Float64Array.from({ length: calls }, run)) };
}

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { searchLibrary } from "../../runtime/engines/local/library/library-search.js";
import { currentPlatform } from "../../runtime/engines/local/library/platform.js";

/** The library that the test suite's setup made sure of. */
export function realLibrary(): { main: string; framework: string } {
  for (const { candidates } of searchLibrary(currentPlatform())) {
    const found = candidates.find((candidate) => candidate.framework !== undefined);
    if (found?.framework !== undefined)
      return { main: realpathSync(found.main), framework: realpathSync(found.framework) };
  }
  throw new Error("the global setup installs the library");
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "savedmodel-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Puts a file into `folder` under another name without copying its 800 MB, where the file system allows it. */
export function place(file: string, folder: string, name: string = basename(file)): void {
  mkdirSync(folder, { recursive: true });
  try {
    linkSync(file, join(folder, name));
  } catch {
    execFileSync("cp", [file, join(folder, name)]);
  }
}

/** The visible contents of a cache: installed versions and the name of the one in use. */
export function visible(cache: string): string[] {
  return listing(cache).filter((name) => !name.startsWith("."));
}

/** Everything in the cache, unfinished installations too. */
export function listing(cache: string): string[] {
  try {
    return readdirSync(join(cache, "tensorflow")).sort();
  } catch {
    return [];
  }
}

/** The end of a process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Starts a TypeScript file of this repository in a process of its own. */
export function start(
  file: string,
  parameters: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  cwd: string = process.cwd(),
): { child: ChildProcess; ended: Promise<Ended> } {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const child = spawn(process.execPath, ["--import", tsx, path, ...parameters], {
    cwd,
    env: { ...process.env, ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the command line tool, kills it when it prints a text, and returns what it has printed until then. */
export async function savedmodelKilledAt(moment: string, parameters: readonly string[]): Promise<string> {
  const { child, ended } = start("generator/cli/main.ts", parameters);
  let output = "";
  const watch = (text: string): void => {
    output += text;
    if (output.includes(moment)) child.kill("SIGKILL");
  };
  child.stderr?.on("data", watch);
  child.stdout?.on("data", watch);
  await ended;
  return output;
}

/** Runs the command line tool. */
export function savedmodel(
  parameters: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ended> {
  return start("generator/cli/main.ts", parameters, env).ended;
}

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { strangersFolder } from "../support/stranger.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Build outputs in an example's folder, which are never copied. */
const MADE: ReadonlySet<string> = new Set(["build", "dist", "generated", "node_modules"]);

/** Variables of this run of Vitest, which the programs of an example must not inherit. */
const OURS = /^(FORCE_COLOR|NODE_ENV|VITEST.*|npm_.*)$/;

/** The environment of a user. */
export function usersEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name))), ...more };
}

/**
 * An example as it is in the repository, without its client, in a folder where the packed package is installed, and its
 * model where its configuration looks for it. It goes when the tests of the file have ended. To be called in a test.
 *
 * @returns its folder
 */
export function copyExample(name: string, model: string): string {
  const home = mkdtempSync(join(dirname(strangersFolder()), "project-"));
  folders.push(home);
  const folder = join(home, "examples", name);
  cpSync(join(root, "examples", name), folder, { recursive: true, filter: (path) => !MADE.has(basename(path)) });
  cpSync(join(root, model), join(home, model), { recursive: true });
  return folder;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs a command that an installed package brings along, or a script of `package.json`; it has to succeed. */
export function run(folder: string, ...command: readonly string[]): string {
  const { status, stdout, stderr } = tryRun(folder, ...command);
  expect(status, `${command.join(" ")}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function tryRun(folder: string, ...command: readonly string[]): SpawnSyncReturns<string> {
  const [program = "", ...parameters] = command;
  return spawnSync(program, parameters, { cwd: folder, env: usersEnvironment(), encoding: "utf8" });
}

/** Generates the client of an example with the installed command; it has to be the one that is in the repository. */
export function generateClient(folder: string, file: string): void {
  run(folder, "npx", "--no-install", "savedmodel", "generate");
  const path = join("src/generated", file);
  const text = readFileSync(join(root, "examples", basename(folder), path), "utf8");
  expect(readFileSync(join(folder, path), "utf8"), `examples/${basename(folder)}/${path} is out of date`).toBe(text);
}

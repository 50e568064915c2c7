import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Finished } from "./cli.js";
import { requireDist } from "./dist.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kept = join(root, "build/stranger");

/** Other dependencies of users' projects; the versions are this repository's own. */
const TOOLS = ["@types/node", "fastify", "tsx", "typescript", "vite", "vitest"] as const;

/** The package as it would be published: the tarball's file. It is built before; npm's scripts do not run. */
export function packPackage(folder: string): string {
  requireDist();
  const output = npm(root, "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  const [{ filename }] = JSON.parse(output) as [{ readonly filename: string }];
  return join(folder, filename);
}

/**
 * An empty folder that goes when the test ends, in which the packed package and {@link TOOLS} can be imported and run,
 * as in a project of a user: what Node, TypeScript and npx find there comes out of the tarball alone. The packages are
 * installed once for each state of the tarball, below `build/`, with no install script allowed.
 */
export function strangersFolder(): string {
  const folder = newStrangersFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The same for several tests; whoever asks for it removes it. */
export function newStrangersFolder(): string {
  return mkdtempSync(join(installed(), "project-"));
}

/**
 * Runs a program as a user would: nothing of npm's and Vitest's own surroundings reaches it, and npx fetches nothing.
 *
 * @param environment variables that are set besides
 */
export function runAsUser(
  cwd: string,
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Finished {
  const { error, status, stdout, stderr } = spawnSync(program, parameters, {
    cwd,
    encoding: "utf8",
    env: { ...usersEnvironment(), ...environment },
    shell: process.platform === "win32",
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** Returns the output of a program that succeeds. */
export function outputAsUser(
  cwd: string,
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr } = runAsUser(cwd, program, parameters, environment);
  if (status === 0) return stdout;
  throw new Error(`${basename(program)} ${parameters.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
}

function usersEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(npm_(lifecycle|package|command|execpath|node_execpath)|VITEST|NODE_ENV$|FORCE_COLOR$|INIT_CWD$)/;
  const folders = (path = ""): string[] => path.split(delimiter).filter((folder) => basename(folder) !== ".bin");
  const entries = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return {
    ...Object.fromEntries(
      entries.map(([name, value]) => [name, /^path$/i.test(name) ? folders(value).join(delimiter) : value]),
    ),
    npm_config_yes: "false",
  };
}

/** The version of a package that this repository is developed with. */
export function versionOf(name: (typeof TOOLS)[number]): string {
  return `${name}@${devDependencies()[name]}`;
}

function installed(): string {
  mkdirSync(kept, { recursive: true });
  const fresh = mkdtempSync(join(kept, "new-"));
  try {
    const tarball = packPackage(fresh);
    const home = join(kept, createHash("sha256").update(readFileSync(tarball)).update(tools().join()).digest("hex"));
    if (existsSync(home)) return home;
    writeFileSync(join(fresh, "package.json"), '{ "private": true }\n');
    npm(fresh, "install", "--ignore-scripts", "--prefer-offline", "--no-package-lock", tarball, ...tools());
    removeOthers(home);
    moveUnlessThere(fresh, home);
    return home;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Earlier states of the package; folders that are being made stay. */
function removeOthers(home: string): void {
  const others = readdirSync(kept).filter((name) => /^[\da-f]{64}$/.test(name) && join(kept, name) !== home);
  for (const name of others) rmSync(join(kept, name), { recursive: true, force: true });
}

/** Another test file may have made the same in the meantime; then its folder stays. */
export function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function tools(): readonly string[] {
  return TOOLS.map(versionOf);
}

function devDependencies(): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return manifest.devDependencies;
}

function npm(cwd: string, ...parameters: readonly string[]): string {
  return execFileSync("npm", parameters, { cwd, encoding: "utf8", shell: process.platform === "win32" });
}

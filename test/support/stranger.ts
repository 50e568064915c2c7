import { execFileSync } from "node:child_process";
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
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kept = join(root, "build/stranger");

/** What projects of users have beside the package; the versions are this repository's own. */
const TOOLS = ["@types/node", "fastify", "tsx", "typescript", "vite", "vitest"] as const;

/** The package as it would be published: the tarball's file. `npm test` has built it; npm's scripts do not run. */
export function packPackage(folder: string): string {
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
  const folder = mkdtempSync(join(installed(), "project-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
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

/** Another test file may have installed the same in the meantime; then its folder stays. */
function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function tools(): readonly string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return TOOLS.map((name) => `${name}@${devDependencies[name]}`);
}

function npm(cwd: string, ...parameters: readonly string[]): string {
  return execFileSync("npm", parameters, { cwd, encoding: "utf8", shell: process.platform === "win32" });
}

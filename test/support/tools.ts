import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { moveUnlessThere } from "./stranger.js";

const kept = fileURLToPath(new URL("../../build/tools", import.meta.url));

type Tool = "pnpm" | "yarn" | "deno" | "bun" | "prettier" | "ts-loader" | "@rollup/plugin-typescript";

/**
 * Programs of npm packages, and packages, that tests run and the repository does not depend on, as paths below
 * `node_modules`. Their peers are those of the repository, whose `node_modules` are around them.
 */
const TOOLS: Readonly<Record<Tool, { readonly wanted: string; readonly program: string }>> = {
  pnpm: { wanted: "pnpm@12.21.0", program: ".bin/pnpm" },
  yarn: { wanted: "@yarnpkg/cli-dist@4.18.1", program: ".bin/yarn" },
  "ts-loader": { wanted: "ts-loader@9.6.2", program: "ts-loader" },
  "@rollup/plugin-typescript": { wanted: "@rollup/plugin-typescript@12.3.1", program: "@rollup/plugin-typescript" },
  prettier: { wanted: "prettier@3.10.1", program: ".bin/prettier" },
  deno: { wanted: "deno@2.9.6", program: ".bin/deno" },
  // The package's own program has to be made by its install script.
  bun: {
    wanted: "bun@1.4.5",
    program: `@oven/bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`,
  },
};

/** The program of a tool, installed once below `build/`; undefined where npm has none for this system. */
export function toolProgram(tool: Tool): string | undefined {
  // npm makes other links for Windows.
  if (process.platform === "win32") return undefined;
  const { wanted, program } = TOOLS[tool];
  const home = join(kept, wanted.replaceAll("/", "+"));
  if (!existsSync(home)) installOnce(home, wanted);
  const path = join(home, "node_modules", program);
  return existsSync(path) ? path : undefined;
}

/** Installs an npm package into a folder that does not exist yet, with no install script. */
export function installOnce(home: string, wanted: string): void {
  mkdirSync(dirname(home), { recursive: true });
  const fresh = mkdtempSync(join(dirname(home), "new-"));
  try {
    const parameters = [
      "--prefix",
      fresh,
      "--ignore-scripts",
      "--legacy-peer-deps",
      "--prefer-offline",
      "--no-package-lock",
      wanted,
    ];
    execFileSync("npm", ["install", ...parameters], { stdio: "pipe", shell: process.platform === "win32" });
    moveUnlessThere(fresh, home);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, join } from "node:path";
import type { Workplace } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

/** Returns the command that runs cases of a model with the crate `tensorflow`, whose program is built on first use. */
export function rustCommand(
  workplace: Workplace,
  directory: string,
  cases: readonly CallCase[],
): Command | { readonly absent: string } {
  const built = build(workplace);
  if ("absent" in built) return built;
  const args = [directory, ...cases.flatMap(({ name, signature }) => [name, signature])];
  return { file: built.program, args, env: { LD_LIBRARY_PATH: built.libraries } };
}

function build({
  cache,
  library: { main, framework },
  root,
}: Workplace): { readonly program: string; readonly libraries: string } | { readonly absent: string } {
  if (process.platform === "win32" || framework === undefined) return { absent: "it is built on Linux and macOS only" };
  const cargo = findCargo();
  if (cargo === undefined) return { absent: "no cargo: install Rust to compare with its crate" };
  const libraries = join(cache, "rust-libraries");
  const output = join(cache, "rust");
  const program = join(output, "release/savedmodel-bench");
  link({ main, framework }, libraries);
  if (!existsSync(program)) process.stderr.write("building the Rust program, once: this can take minutes\n");
  // Instead of the crate's build script, which would download an older TensorFlow.
  const native = `target.${hostOf(cargo)}.tensorflow`;
  const settings = [
    `${native}.rustc-link-lib=["tensorflow","tensorflow_framework"]`,
    `${native}.rustc-link-search=${JSON.stringify([libraries])}`,
  ];
  const { error, status, stderr } = spawnSync(
    cargo,
    ["build", "--release", "--quiet", "--target-dir", output, ...settings.flatMap((setting) => ["--config", setting])],
    { cwd: join(root, "bench/rust"), encoding: "utf8" },
  );
  if (status === 0) return { program, libraries };
  const reason = error?.message ?? stderr.split("\n").find((line) => line.startsWith("error")) ?? `exit code ${status}`;
  return { absent: `cargo failed: ${reason}` };
}

/** Links to the libraries, by the names that the linker knows and by their own. */
function link({ main, framework }: { readonly main: string; readonly framework: string }, folder: string): void {
  const suffix = process.platform === "darwin" ? "dylib" : "so";
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(main, join(folder, `libtensorflow.${suffix}`));
  symlinkSync(framework, join(folder, `libtensorflow_framework.${suffix}`));
  for (const path of [main, framework]) symlinkSync(path, join(folder, basename(path)));
}

/** Returns the path of cargo: on the path, or where rustup installs it. */
function findCargo(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), join(homedir(), ".cargo/bin")];
  return folders.map((folder) => join(folder, "cargo")).find((file) => existsSync(file));
}

/** Returns the platform that cargo builds for, such as `x86_64-unknown-linux-gnu`. */
function hostOf(cargo: string): string {
  const { stdout } = spawnSync(cargo, ["--version", "--verbose"], { encoding: "utf8" });
  return /^host: (.+)$/m.exec(stdout)?.[1] ?? "";
}

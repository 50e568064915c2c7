import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readImports } from "./executable-format.js";

const SOURCE = fileURLToPath(new URL("python-stand-in.c", import.meta.url));

/** The compiler: MinGW-w64, which Debian and Ubuntu have as `gcc-mingw-w64-x86-64`, and Homebrew as `mingw-w64`. */
const COMPILER: string = process.env.MINGW_CC || "x86_64-w64-mingw32-gcc";

/** Returns why DLLs cannot be compiled here; undefined where they can. */
export function whyNoMingw(): string | undefined {
  const { error } = spawnSync(COMPILER, ["--version"]);
  return error === undefined ? undefined : `${COMPILER} (of MinGW-w64) cannot be started: ${error.message}`;
}

/**
 * Builds the stand-in for the Python DLL that TensorFlow's DLL imports, with all names that it imports from there.
 *
 * @param library TensorFlow's DLL
 * @param folder where to put the stand-in
 * @returns its file name, such as `python311.dll`; undefined if the library does not import Python
 * @throws Error if the compiler is missing or fails
 */
export async function buildPythonStandIn(library: string, folder: string): Promise<string | undefined> {
  const python = (await readImports(library)).find(({ name }) => /^python3\d+\.dll$/i.test(name));
  if (python === undefined) return undefined;
  const reason = whyNoMingw();
  if (reason !== undefined) throw new Error(reason);
  const work = mkdtempSync(join(tmpdir(), "savedmodel-stand-in-"));
  try {
    const exported = join(work, "exports.def");
    writeFileSync(exported, exportsOf(python.name, python.symbols));
    const output = join(folder, python.name);
    // No time stamp: two builds are the same.
    const options = ["-shared", "-nostdlib", "-O2", "-Wall", "-Werror", "-s", "-Wl,--no-insert-timestamp"];
    const entry = "-Wl,--entry,stand_in_entry";
    const { status, stderr } = spawnSync(COMPILER, [...options, entry, "-o", output, SOURCE, exported], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${COMPILER} failed: ${stderr}`);
    return python.name;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Returns the module definition file. */
function exportsOf(name: string, symbols: readonly string[]): string {
  const lines = [...symbols]
    .sort()
    .map((symbol) => `  ${symbol} = ${isVariable(symbol) ? "stand_in_data DATA" : "stand_in_function"}`);
  return `LIBRARY ${name}\nEXPORTS\n${lines.join("\n")}\n`;
}

/** Python's exceptions, types and constants (`_Py_NoneStruct`, `_Py_EllipsisObject`). */
function isVariable(symbol: string): boolean {
  return /^PyExc_|_Type$|^_Py_\w+(Struct|Object)$/.test(symbol);
}

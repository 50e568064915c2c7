import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { generate } from "../../generator/index.js";
import type { Folders } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

const PROGRAMS = "bench/node";
const CLIENTS = ["custom-model", "dtypes", "keras3", "regression", "spin"].map((name) => `generated/${name}.ts`);

/**
 * Compiles the programs for Node.js, and the generated clients, into a folder below the package. There `savedmodel` is
 * the package itself, so the measurement covers what users run: the built `dist/`, in plain Node.js.
 *
 * @returns the folder of the programs
 */
export function compilePrograms(root: string, folder: string): string {
  const programs = readdirSync(join(root, PROGRAMS)).map((file) => `${PROGRAMS}/${file}`);
  for (const source of [...programs, "bench/statistics.ts", ...CLIENTS])
    compile(readFileSync(join(root, source), "utf8"), folder, source);
  return join(folder, PROGRAMS);
}

/** Generates the client of a model outside the repository, and compiles it to where the programs expect it. */
export function compileClient({ folder }: Folders, name: string, className: string, directory: string): void {
  compile(generate(directory, { className, outputFolder: folder }).text, folder, `generated/${name}.ts`);
}

function compile(text: string, folder: string, source: string): void {
  const { outputText } = ts.transpileModule(text, {
    fileName: source,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  const target = join(folder, source.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
}

/** Returns the command that runs cases through a client of bench/node/cases.ts. */
export function clientCommand({ programs }: Folders, client: string, cases: readonly CallCase[]): Command {
  return { file: process.execPath, args: [join(programs, "loop.js"), client, JSON.stringify(cases)] };
}

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { Workplace } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

const SOURCES = [
  "bench/node/loop.ts",
  "bench/node/cases.ts",
  "bench/statistics.ts",
  "generated/custom-model.ts",
  "generated/dtypes.ts",
];

/**
 * Compiles the program that calls the generated clients, and the clients, into a folder below the package. There `savedmodel`
 * is the package itself, so what is measured is what users run: the built `dist/`, in plain Node.js.
 *
 * @returns the program's file
 */
export function compileClients(root: string, folder: string): string {
  for (const source of SOURCES) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, source), "utf8"), {
      fileName: source,
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const target = join(folder, source.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  return join(folder, "bench/node/loop.js");
}

/** The command that runs cases of a model through its generated client. */
export function clientCommand({ client }: Workplace, model: string, cases: readonly CallCase[]): Command {
  return { file: process.execPath, args: [client, model, JSON.stringify(cases)] };
}

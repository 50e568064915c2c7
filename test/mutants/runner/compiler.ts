import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./faults.js";

function optionsOf(config: string): ts.ParsedCommandLine {
  const { config: json } = ts.readConfigFile(join(root, config), ts.sys.readFile) as { config: object };
  return ts.parseJsonConfigFileContent(json, ts.sys, root);
}

/** "… is declared but its value is never read", which keeps nothing from being built. */
const UNUSED = 6133;

/** Type-checks single files of the package as if their text were another. */
export class Compiler {
  readonly #build = optionsOf("tsconfig.build.json");
  readonly #service: ts.LanguageService;
  #changed: { readonly path: string; readonly text: string } | undefined;
  #version = 0;

  constructor() {
    const { options, fileNames } = this.#build;
    const read = (path: string): string | undefined => this.#read(path);
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getCurrentDirectory: () => root,
      getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
      getScriptFileNames: () => fileNames,
      getScriptVersion: (path) => (path === this.#changed?.path ? `${this.#version}` : "0"),
      getScriptSnapshot: (path) => {
        const text = read(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      fileExists: ts.sys.fileExists,
      readFile: read,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    });
  }

  /**
   * Returns the first error that the compiler finds in the file. A fault that does not compile would be noticed by every
   * test that builds the package.
   */
  errorIn(file: string, text: string): string | undefined {
    const path = join(root, file);
    this.#changed = { path, text };
    this.#version++;
    const found = [...this.#service.getSyntacticDiagnostics(path), ...this.#service.getSemanticDiagnostics(path)];
    const first = found.find(({ code }) => code !== UNUSED);
    return first === undefined ? undefined : ts.flattenDiagnosticMessageText(first.messageText, "\n");
  }

  #read(path: string): string | undefined {
    return path === this.#changed?.path ? this.#changed.text : ts.sys.readFile(path);
  }
}

export function sourceOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

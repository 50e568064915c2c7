import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { consumerOptions } from "./typescript.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Inside the repository, the package's name leads to dist/ through its own `exports`. */
const folder = `${root}build/editor`;

/** The one file that changes. */
const edited = `${folder}/edited.ts`;

/** What an editor knows of a project that depends on this package as it is built, with these files. */
export class Editor {
  readonly #files: Map<string, string>;
  readonly #service: ts.LanguageService;
  #version = 0;

  constructor(files: Readonly<Record<string, string>>) {
    this.#files = new Map(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
    const { options } = ts.convertCompilerOptionsFromJson(consumerOptions, folder);
    const read = (path: string): string | undefined => this.#files.get(path) ?? ts.sys.readFile(path);
    const host: ts.LanguageServiceHost = {
      getCompilationSettings: () => options,
      getCurrentDirectory: () => folder,
      getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
      getScriptFileNames: () => [...this.#files.keys()],
      getScriptVersion: (path) => (path === edited ? `${this.#version}` : "0"),
      getScriptSnapshot: (path) => {
        const text = read(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      fileExists: (path) => this.#files.has(path) || ts.sys.fileExists(path),
      readFile: read,
      directoryExists: (path) => path === folder || ts.sys.directoryExists(path),
      getDirectories: ts.sys.getDirectories,
    };
    this.#service = ts.createLanguageService(host);
  }

  /** What is offered at the `|` in the code: `name: kind`, in the order of the list. */
  completions(code: string): readonly string[] {
    const { path, place } = this.#open(code);
    const list = this.#service.getCompletionsAtPosition(path, place, {});
    return (list?.entries ?? []).map(({ name, kind }) => `${name}: ${kind}`);
  }

  /** What is shown for the name at the `|`: its type, and its comment. */
  quickInfo(code: string): string {
    const { path, place } = this.#open(code);
    const info = this.#service.getQuickInfoAtPosition(path, place);
    return [textOf(info?.displayParts), textOf(info?.documentation), ...(info?.tags ?? []).map(tagText)]
      .filter((text) => text !== "")
      .join("\n");
  }

  /** What is shown while the arguments of a call are typed: the signature, and the parameter that is due. */
  signatureHelp(code: string): string {
    const { path, place } = this.#open(code);
    const help = this.#service.getSignatureHelpItems(path, place, undefined);
    return (help?.items ?? [])
      .map((item) => {
        const parameters = item.parameters.map(({ displayParts }) => textOf(displayParts));
        const [before, after] = [textOf(item.prefixDisplayParts), textOf(item.suffixDisplayParts)];
        const due = item.parameters[help?.argumentIndex ?? -1];
        const signature = `${before}${parameters.join(textOf(item.separatorDisplayParts))}${after}`;
        return due === undefined ? signature : `${signature}\n${due.name}: ${textOf(due.documentation)}`;
      })
      .join("\n");
  }

  /** What is marked as wrong: the line, what is underlined, and the message. */
  diagnostics(code: string): string {
    const { path, text } = this.#open(code);
    const found = [...this.#service.getSyntacticDiagnostics(path), ...this.#service.getSemanticDiagnostics(path)];
    return found
      .map(({ start = 0, length = 0, messageText, code: number }) => {
        const begin = text.lastIndexOf("\n", start - 1) + 1;
        const line = text.slice(begin).split("\n", 1)[0] ?? "";
        const marks = `${" ".repeat(start - begin)}${"~".repeat(Math.min(length, line.length - (start - begin)))}`;
        return `${line}\n${marks}\nTS${number}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      })
      .join("\n");
  }

  /** Puts the code into the file that is edited. */
  #open(code: string): { readonly path: string; readonly place: number; readonly text: string } {
    const path = edited;
    const place = code.indexOf("|");
    const text = place < 0 ? code : `${code.slice(0, place)}${code.slice(place + 1)}`;
    this.#files.set(path, text);
    this.#version++;
    return { path, place, text };
  }
}

function textOf(parts: readonly ts.SymbolDisplayPart[] = []): string {
  return ts.displayPartsToString([...parts]);
}

function tagText({ name, text }: ts.JSDocTagInfo): string {
  return `@${name} ${textOf(text)}`;
}

/**
 * The text of a golden file, which `UPDATE_GOLDENS=1` replaces by what there is now; never where CI runs.
 */
export function golden(url: URL, actual: string): string {
  const { UPDATE_GOLDENS: update, CI: ci } = process.env;
  if (update !== "1") return existsSync(url) ? readFileSync(url, "utf8") : "";
  if (ci === "true") throw new Error("UPDATE_GOLDENS is not for CI: goldens are updated by hand, and looked at");
  ts.sys.writeFile(fileURLToPath(url), actual);
  return actual;
}

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { requireDist } from "./dist.js";
import { consumerOptions } from "./typescript.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Inside the repository, the package's name leads to dist/ through its own `exports`. */
const folder = `${root}build/editor`;

/** The one file that changes. */
const edited = `${folder}/edited.ts`;

/** The language service of a project that depends on this package as it is built, with these files. */
export class Editor {
  readonly #files: Map<string, string>;
  readonly #service: ts.LanguageService;
  #version = 0;

  constructor(files: Readonly<Record<string, string>>) {
    requireDist();
    this.#files = new Map(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
    const { options } = ts.convertCompilerOptionsFromJson(consumerOptions, folder);
    const read = (path: string): string | undefined => this.#read(path);
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

  /** Returns the completions at the `|` in the code: `name: kind`, in list order, and whether they are struck through. */
  completions(code: string): readonly string[] {
    const { path, place } = this.#open(code);
    const list = this.#service.getCompletionsAtPosition(path, place, {});
    return (list?.entries ?? []).map(({ name, kind, kindModifiers = "" }) => {
      return `${name}: ${kind}${kindModifiers.includes("deprecated") ? ", struck through" : ""}`;
    });
  }

  /** Returns the completion of a name that is not imported: its list entry, and the import that it adds to the file. */
  imports(code: string): string {
    const { path, place } = this.#open(code);
    const preferences: ts.UserPreferences = { includeCompletionsForModuleExports: true };
    const name = /[$\w]*$/.exec(code.slice(0, place))?.[0];
    const list = this.#service.getCompletionsAtPosition(path, place, preferences);
    return (list?.entries ?? [])
      .filter((entry) => entry.name === name && entry.source !== undefined)
      .map(({ name, source, data }) => {
        const details = this.#service.getCompletionEntryDetails(path, place, name, {}, source, preferences, data);
        const actions = (details?.codeActions ?? []).map(({ description, changes }) => {
          const added = changes.flatMap(({ textChanges }) => textChanges.map(({ newText }) => newText.trim()));
          return `${description}\n${added.join("\n")}`;
        });
        return [textOf(details?.displayParts), ...actions].join("\n");
      })
      .join("\n");
  }

  /** Where "Go to Definition" leads to from the `|`: the file, and the lines there. */
  definitions(code: string): string {
    const { path, place } = this.#open(code);
    const found = this.#service.getDefinitionAtPosition(path, place) ?? [];
    return found.map((span) => this.#declaration(span)).join("\n");
  }

  /** Everything that "Find All References" lists for the name at the `|`. */
  references(code: string): string {
    const { path, place } = this.#open(code);
    const found = this.#service.getReferencesAtPosition(path, place) ?? [];
    return found.map(({ fileName, textSpan }) => `${nameOf(fileName)}: ${this.#lineAt(fileName, textSpan)}`).join("\n");
  }

  /** Returns the names that are struck through, with the hints that are shown for them. */
  deprecations(code: string): string {
    const { path, text } = this.#open(code);
    return this.#service
      .getSuggestionDiagnostics(path)
      .filter(({ reportsDeprecated }) => reportsDeprecated !== undefined)
      .map((found) => underlined(found, text))
      .join("\n");
  }

  /** Returns the hover of the name at the `|`: its type, and its comment. */
  quickInfo(code: string): string {
    const { path, place } = this.#open(code);
    const info = this.#service.getQuickInfoAtPosition(path, place);
    return [textOf(info?.displayParts), textOf(info?.documentation), ...(info?.tags ?? []).map(tagText)]
      .filter((text) => text !== "")
      .join("\n");
  }

  /** Returns the signature help while a call is typed: the signature, and the current parameter. */
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

  /** Returns the errors: the line, the underlined text, and the message. */
  diagnostics(code: string): string {
    const { path, text } = this.#open(code);
    const found = [...this.#service.getSyntacticDiagnostics(path), ...this.#service.getSemanticDiagnostics(path)];
    return found
      .map((diagnostic) => {
        const related = (diagnostic.relatedInformation ?? []).map((other) => {
          const span = { start: other.start ?? 0, length: other.length ?? 0 };
          const place = other.file === undefined ? "" : ` (${this.#lineAt(other.file.fileName, span)})`;
          return `\nalso: ${ts.flattenDiagnosticMessageText(other.messageText, "\n")}${place}`;
        });
        return `${underlined(diagnostic, text)}${related.join("")}`;
      })
      .join("\n");
  }

  /** The file that a declaration is in, and how it begins. */
  #declaration({ fileName, textSpan, contextSpan = textSpan }: ts.DefinitionInfo): string {
    const text = this.#read(fileName)?.slice(contextSpan.start, contextSpan.start + contextSpan.length) ?? "";
    const lines = text.split("\n");
    return `${nameOf(fileName)}: ${lines.slice(0, 5).join("\n")}${lines.length > 5 ? "\n…" : ""}`;
  }

  #lineAt(fileName: string, { start }: ts.TextSpan): string {
    const text = this.#read(fileName) ?? "";
    return (
      text
        .slice(text.lastIndexOf("\n", start - 1) + 1)
        .split("\n", 1)[0]
        ?.trim() ?? ""
    );
  }

  #read(path: string): string | undefined {
    return this.#files.get(path) ?? ts.sys.readFile(path);
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

/** The line of something found, with what is underlined in it, and the message. */
function underlined({ start = 0, length = 0, messageText, code }: ts.Diagnostic, text: string): string {
  const begin = text.lastIndexOf("\n", start - 1) + 1;
  const line = text.slice(begin).split("\n", 1)[0] ?? "";
  const marks = `${" ".repeat(start - begin)}${"~".repeat(Math.min(length, line.length - (start - begin)))}`;
  return `${line}\n${marks}\nTS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
}

/** A file as a user names it: of the package, or beside the edited one. */
function nameOf(path: string): string {
  return path
    .replace(`${folder}/`, "")
    .replace(`${root}dist/`, "savedmodel/")
    .replace(/^.*node_modules\//, "");
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

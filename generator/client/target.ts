import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { ts } from "ts-morph";
import { SavedModelError } from "../../runtime/base/errors.js";
import { packageOf } from "../../runtime/base/package-folder.js";
import { quote } from "../../runtime/base/text.js";

/** The language of generated files: TypeScript, or JavaScript with declarations. */
export type Target = "ts" | "js";

const TARGETS: readonly unknown[] = ["ts", "js"] satisfies readonly Target[];

/** A generated file. */
export interface TargetFile {
  readonly fileName: string;
  readonly text: string;
}

/** @throws SavedModelError `INVALID_OPTION` */
export function checkTarget(target: string): Target {
  if (isTarget(target)) return target;
  throw new SavedModelError("INVALID_OPTION", `unknown target ${quote(target)}`, { fix: "Choose one of ts, js." });
}

export function isTarget(target: unknown): target is Target {
  return TARGETS.includes(target);
}

/**
 * Returns a generated TypeScript file in the language of a project: itself, or the `.js` and the `.d.ts` that TypeScript
 * makes of it. JavaScript is of the kind that its folder has for Node.js: ES modules below a package.json with
 * `"type": "module"`, otherwise CommonJS.
 *
 * @param folder the folder that the file is meant for
 */
export function inTarget(file: TargetFile, target: Target, folder: string): readonly TargetFile[] {
  if (target === "ts") return [file];
  const { banner, code } = splitBanner(file.text);
  const name = file.fileName.replace(/\.ts$/, "");
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: isModuleFolder(resolve(folder)) ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
    newLine: ts.NewLineKind.LineFeed,
    verbatimModuleSyntax: false,
    isolatedDeclarations: true,
    declaration: true,
  };
  const transpile = { fileName: file.fileName, compilerOptions: options };
  const script = ts.transpileModule(code, transpile).outputText;
  const declarations = ts.transpileDeclaration(code, transpile).outputText;
  return [
    { fileName: `${name}.js`, text: banner + indentedByTwo(script) },
    { fileName: `${name}.d.ts`, text: banner + indentedByTwo(declarations) },
  ];
}

/**
 * Does the same for a file with more properties.
 *
 * @param declarations the properties of its declarations
 */
export function filesInTarget<File extends { readonly path: string; readonly text: string }>(
  file: File,
  target: Target,
  folder: string,
  declarations: Omit<File, "path" | "text">,
): readonly File[] {
  const own = basename(file.path);
  const parent = file.path.slice(0, -own.length);
  return inTarget({ fileName: own, text: file.text }, target, folder).map(({ fileName, text }, at) => ({
    ...file,
    ...(at > 0 && declarations),
    path: `${parent}${fileName}`,
    text,
  }));
}

/** Splits off the comments at the beginning of a file, which stay its first lines. */
function splitBanner(text: string): { readonly banner: string; readonly code: string } {
  const banner = /^(?:(?:\/\/.*|\/\*.*\*\/)\n)*/.exec(text)?.[0] ?? "";
  return { banner, code: text.slice(banner.length) };
}

/** Replaces the four spaces that TypeScript indents by. Template literals of generated code have no line ends. */
function indentedByTwo(text: string): string {
  return text.replace(/^(?: {4})+/gm, (spaces) => " ".repeat(spaces.length / 2));
}

/** Returns true if Node.js treats `.js` files as ES modules. */
function isModuleFolder(folder: string): boolean {
  const home = packageOf(folder);
  if (home === undefined) return false;
  try {
    const { type } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { readonly type?: unknown };
    return type === "module";
  } catch {
    return false;
  }
}

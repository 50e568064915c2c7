import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One import of a file of this project by another; both are relative to the project's root. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** True where only types are imported, which leave no trace in the code that runs. */
  readonly isTypeOnly: boolean;
}

/** Imports between the TypeScript files of some top folders, and the packages that each file imports. */
export interface ImportGraph {
  readonly files: readonly string[];
  readonly imports: readonly Import[];
  /** Names of packages and of Node.js modules, by file. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/** Reads the import graph of the code in some top folders. */
export function readImportGraph(folders: readonly string[]): ImportGraph {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name.replaceAll("\\", "/")))
      .filter((name) => name.endsWith(".ts")),
  );
  const known = new Set(files);
  const imports: Import[] = [];
  const packages = new Map<string, string[]>();
  for (const from of files.sort()) {
    const named: string[] = [];
    packages.set(from, named);
    for (const { specifier, isTypeOnly } of importsOf(from)) {
      const to = join(dirname(from), specifier).replace(/\.js$/, ".ts");
      if (!specifier.startsWith(".")) named.push(specifier);
      else if (known.has(to)) imports.push({ from, to, isTypeOnly });
      else throw new Error(`${from} imports ${specifier}, which does not exist`);
    }
  }
  return { files, imports, packages };
}

/** Returns whether a file is a path, or is within it. */
export function isIn(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}

/** Returns everything that a file loads when it is imported, itself included; types are not loaded. */
export function loadedBy(file: string, { imports }: ImportGraph): ReadonlySet<string> {
  const loaded = new Set([file]);
  for (const from of loaded) {
    for (const { to } of imports.filter((each) => each.from === from && !each.isTypeOnly)) loaded.add(to);
  }
  return loaded;
}

/** Returns the groups of two and more nodes that can all reach each other (Tarjan's strongly connected components). */
export function cyclesOf(edges: Iterable<readonly [string, string]>): readonly (readonly string[])[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) {
    if (from === to) continue;
    next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const own = index.size;
    index.set(node, own);
    let lowest = own;
    stack.push(node);
    for (const to of next.get(node) ?? []) {
      if (!index.has(to)) lowest = Math.min(lowest, visit(to));
      else if (stack.includes(to)) lowest = Math.min(lowest, index.get(to) ?? own);
    }
    low.set(node, lowest);
    if (lowest === own) {
      const members = stack.splice(stack.indexOf(node));
      if (members.length > 1) cycles.push(members.sort());
    }
    return lowest;
  };
  for (const node of next.keys()) if (!index.has(node)) visit(node);
  return cycles;
}

interface Specifier {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

function importsOf(file: string): readonly Specifier[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest);
  const found: Specifier[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) found.push(specifier);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): Specifier | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const isTypeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || namesTypesOnly(node);
    return { specifier: node.moduleSpecifier.text, isTypeOnly };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const { exportClause, isTypeOnly } = node;
    const areTypes =
      exportClause !== undefined &&
      ts.isNamedExports(exportClause) &&
      exportClause.elements.every((element) => element.isTypeOnly);
    return { specifier: node.moduleSpecifier.text, isTypeOnly: isTypeOnly || areTypes };
  }
  // `import("…")` as an expression loads a module when it runs; as a type it does not.
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument !== undefined && ts.isStringLiteral(argument)) {
      return { specifier: argument.text, isTypeOnly: false };
    }
  }
  return undefined;
}

/** Returns whether each name of an import is marked as a type: `import { type A } from` is removed with them. */
function namesTypesOnly({ importClause }: ts.ImportDeclaration): boolean {
  const bindings = importClause?.namedBindings;
  return (
    importClause?.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  );
}

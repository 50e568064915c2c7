import { type SourceFileStructure, StructureKind } from "ts-morph";
import { identifier, stringLiteral } from "../generator/client/escape.js";
import { indexBannerTemplate } from "./banner.js";

/** Exports of a client, and the module that has them. */
interface IndexEntry {
  readonly className: string;
  /** Interfaces, with their names in the index. */
  readonly types: readonly { readonly name: string; readonly alias: string }[];
  /** `./custom-model.js` */
  readonly module: string;
}

/** Returns a file that exports the classes of several others, and their interfaces. */
export function indexFileTemplate(entries: readonly IndexEntry[]): SourceFileStructure {
  return {
    kind: StructureKind.SourceFile,
    statements: [
      ...indexBannerTemplate(),
      ...entries.flatMap(({ className, types, module }) => [
        exportStatement("export", [identifier(className)], module),
        ...(types.length === 0 ? [] : [exportStatement("export type", types.map(typeExport), module)]),
      ]),
    ],
  };
}

function typeExport({ name, alias }: { readonly name: string; readonly alias: string }): string {
  return name === alias ? identifier(name) : `${identifier(name)} as ${identifier(alias)}`;
}

const LINE_WIDTH = 100;

function exportStatement(keyword: string, names: readonly string[], module: string): string {
  const end = `} from ${stringLiteral(module)};`;
  const line = `${keyword} { ${names.join(", ")} ${end}`;
  return line.length <= LINE_WIDTH ? line : `${keyword} {\n${names.map((name) => `  ${name},\n`).join("")}${end}`;
}

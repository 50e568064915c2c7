import { type SourceFileStructure, StructureKind } from "ts-morph";
import { identifier, stringLiteral } from "../generator/client/escape.js";
import { indexBannerTemplate } from "./banner.js";

/** A class, and the module that it is exported by. */
interface IndexEntry {
  readonly className: string;
  /** `./custom-model.js` */
  readonly module: string;
}

/** A file that exports the classes of several others. */
export function indexFileTemplate(entries: readonly IndexEntry[]): SourceFileStructure {
  return {
    kind: StructureKind.SourceFile,
    statements: [
      ...indexBannerTemplate(),
      ...entries.map(({ className, module }) => ({
        kind: StructureKind.ExportDeclaration as const,
        namedExports: [{ name: identifier(className) }],
        // ts-morph sets the quotes.
        moduleSpecifier: stringLiteral(module).slice(1, -1),
      })),
    ],
  };
}

import { printStructure } from "ts-morph";
import { checkOptions } from "../../runtime/base/check-options.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, printable, quote } from "../../runtime/base/text.js";
import { indexFileTemplate } from "../../templates/index-file.js";
import type { GeneratedClient } from "./generate-client.js";

/** How imports of generated files end: as the module resolution of the project wants it. */
export type ImportExtension = "js" | "ts" | "none";

const EXTENSIONS: readonly ImportExtension[] = ["js", "ts", "none"];

const FILE_NAME = "index.ts";

/** What an index must know of a client. */
type Exported = Pick<GeneratedClient, "className" | "fileName">;

/** How an index is generated. */
export interface IndexOptions {
  /** How its imports end; by default `js`. */
  readonly importExtension?: ImportExtension;
}

/** A generated file that exports the classes of others, not yet written anywhere. */
export interface GeneratedIndex {
  readonly fileName: string;
  readonly text: string;
}

/**
 * Generates the file that exports the classes of several clients, which are written into the same folder.
 *
 * @throws SavedModelError `INVALID_OPTION` for an extension that there is not; `OUTPUT_CONFLICT` where two of the files
 * would have one name, the index's included
 */
export function generateIndex(clients: readonly Exported[], options: IndexOptions = {}): GeneratedIndex {
  checkOptions("generateIndex()", options, ["importExtension"]);
  const extension = checkExtension(options.importExtension ?? "js");
  const sorted = [...clients].sort((a, b) => compareCodeUnits(a.fileName, b.fileName));
  sorted.forEach((client, index) => {
    if (client.fileName === FILE_NAME) throw conflict(client, "the index");
    const previous = sorted[index - 1];
    if (previous?.fileName === client.fileName) throw conflict(client, previous.className);
  });
  const entries = sorted.map(({ className, fileName }) => {
    const name = fileName.replace(/\.ts$/, "");
    return { className, module: `./${name}${extension === "none" ? "" : `.${extension}`}` };
  });
  const text = printStructure(indexFileTemplate(entries), { indentNumberOfSpaces: 2, newLine: "\n" });
  return { fileName: FILE_NAME, text };
}

/** @throws SavedModelError `INVALID_OPTION` */
export function checkExtension(extension: ImportExtension): ImportExtension {
  if (EXTENSIONS.includes(extension)) return extension;
  throw new SavedModelError("INVALID_OPTION", `imports cannot end in ${quote(`${extension}`)}`, {
    fix: `Choose one of ${EXTENSIONS.join(", ")}.`,
  });
}

function conflict({ className, fileName }: Exported, other: string): SavedModelError {
  const both = `${printable(className)} and ${printable(other)}`;
  return new SavedModelError("OUTPUT_CONFLICT", `${both} would both be written to ${printable(fileName)}`, {
    fix: "Generate the class under another name (--class-name), or into another folder.",
  });
}

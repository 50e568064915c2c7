import { printStructure } from "ts-morph";
import { checkOptions } from "../../runtime/base/check-options.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, printable, quote } from "../../runtime/base/text.js";
import { indexFileTemplate } from "../../templates/index-file.js";
import type { GeneratedClient } from "./generate-client.js";

/** Extension of imports of generated files, as the module resolution of the project requires it. */
export type ImportExtension = "js" | "ts" | "none";

const EXTENSIONS: readonly ImportExtension[] = ["js", "ts", "none"];

const FILE_NAME = "index.ts";

/** Properties of a client that an index needs. */
type Exported = Pick<GeneratedClient, "className" | "fileName" | "types">;

/** Options of {@link generateIndex}. */
export interface IndexOptions {
  /** Extension of its imports; `js` by default. */
  readonly importExtension?: ImportExtension;
}

/** A generated file that exports the classes and interfaces of others, not yet written anywhere. */
export interface GeneratedIndex {
  readonly fileName: string;
  readonly text: string;
}

/**
 * Generates the file that exports the classes and interfaces of several clients in the same folder. An interface is
 * prefixed with its class, as in `ClassifierTrainOutputs` for the `TrainOutputs` of `Classifier`: other clients may
 * have one of the same name. An interface whose name is still taken is not exported.
 *
 * @throws SavedModelError `INVALID_OPTION` for an unknown extension; `OUTPUT_CONFLICT` if two of the files would have
 * the same name, the index included
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
  const taken = new Set(sorted.map(({ className }) => className));
  const entries = sorted.map(({ className, fileName, types }) => {
    const name = fileName.replace(/\.ts$/, "");
    const aliases = types.map((type) => ({ name: type, alias: aliasOf(type, className) }));
    const free = aliases.filter(({ alias }) => !taken.has(alias));
    for (const { alias } of free) taken.add(alias);
    return { className, types: free, module: `./${name}${extension === "none" ? "" : `.${extension}`}` };
  });
  const text = printStructure(indexFileTemplate(entries), { indentNumberOfSpaces: 2, newLine: "\n" });
  return { fileName: FILE_NAME, text };
}

/** Converts `TrainOutputs` → `ClassifierTrainOutputs`; a name that already begins with the class's name stays. */
function aliasOf(type: string, className: string): string {
  return type.startsWith(className) && !/^[\p{Ll}\d]/u.test(type.slice(className.length)) ? type : className + type;
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

import { relative } from "node:path";
import { printable } from "../../../runtime/base/text.js";
import { stdout } from "./colors.js";
import { sayNote } from "./error-message.js";
import { columnsOf, flow, list, type Word } from "./layout.js";

/** A generated file as reports describe it. */
export interface ReportedFile {
  readonly path: string;
  /** Its class. */
  readonly title: string;
  /** Its methods. */
  readonly names: readonly string[];
  /** Notes about renamed and omitted names. */
  readonly notes: readonly string[];
}

/** Prints the change of a file and its content; the notes go to standard error. */
export function reportFile(change: string, { path, title, names, notes }: ReportedFile): void {
  const style = change === "unchanged" ? stdout.dim : stdout.green;
  const words: readonly Word[] = [
    { text: change, style },
    { text: printable(relative("", path) || path, 500), isWhole: true },
    { text: names.length === 0 ? title : `${title}:`, style: stdout.bold, gap: 2 },
    ...list(names).map((word) => ({ ...word, style: stdout.dim })),
  ];
  process.stdout.write(`${flow(words, columnsOf(process.stdout), 4)}\n`);
  for (const note of notes) sayNote(note);
}

/** Prints that a file was written, with its content, to standard output. */
export function reportWritten(path: string, what: readonly Word[] = []): void {
  const [first, ...rest] = what;
  const words: readonly Word[] = [
    { text: "wrote", style: stdout.green },
    { text: printable(path, 500), isWhole: true },
    ...(first === undefined ? [] : [{ ...first, gap: 2 }, ...rest]),
  ];
  process.stdout.write(`${flow(words, columnsOf(process.stdout), 4)}\n`);
}

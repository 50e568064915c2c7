import { stderr } from "./colors.js";
import { columnsOf, flow, sentence, type Word } from "./layout.js";

/** Prints an error to standard error. */
export function sayError(message: string): void {
  process.stderr.write(marked({ text: "error", style: stderr.red }, message, columnsOf(process.stderr)));
}

/** Prints a note about the previous output to standard error. */
export function sayNote(note: string): void {
  process.stderr.write(marked({ text: "note", style: stderr.yellow }, note, columnsOf(process.stderr), 2));
}

/** Formats a marked message in lines of this many columns, the continued ones with an additional indentation. */
export function marked(mark: Word, text: string, width: number, indent = 0): string {
  const begin = " ".repeat(indent);
  const lines = text
    .split("\n")
    .map((line, index) =>
      index === 0
        ? flow([mark, ...sentence(line)], width, indent + 2, indent)
        : `  ${flow(sentence(line), width, indent + 2, indent + 2)}`,
    );
  return lines.map((line) => `${begin}${line}\n`).join("");
}

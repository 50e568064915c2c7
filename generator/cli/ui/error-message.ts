import { stderr } from "./colors.js";
import { columnsOf, flow, sentence, type Word } from "./layout.js";

/** Says on standard error what is wrong. */
export function sayError(message: string): void {
  process.stderr.write(marked({ text: "error", style: stderr.red }, message, columnsOf(process.stderr)));
}

/** Says on standard error what is worth knowing of what was printed before. */
export function sayNote(note: string): void {
  process.stderr.write(marked({ text: "note", style: stderr.yellow }, note, columnsOf(process.stderr), 2));
}

/** A mark and a text in lines of so many columns, of which all but the first are indented further. */
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

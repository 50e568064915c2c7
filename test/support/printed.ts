/** Before what a line printed stands this, and the number of the line. */
const MARK = "\u0001";

/** Code whose lines `console.log(…); // what it prints` say which line they are before they print. */
export function markLines(code: string): string {
  return code
    .split("\n")
    .map((line, index) =>
      promised(line) === undefined
        ? line
        : line.replace("console.log(", `console.log("${MARK}${index}"), console.log(`),
    )
    .join("\n");
}

/** The output that a line documents. */
function promised(line: string): string | undefined {
  return /^ *console\.log\(.*\); \/\/ (.+)$/.exec(line)?.[1];
}

/** A line of code, what it says that it prints, and what it printed; undefined if it was never reached. */
export interface PrintedLine {
  readonly promised: string;
  readonly printed: string | undefined;
}

/** Returns the output of the marked lines of a program. */
export function printedLines(code: string, stdout: string): readonly PrintedLine[] {
  const printed = new Map(
    stdout
      .split(MARK)
      .slice(1)
      .map((part) => {
        const end = part.indexOf("\n");
        return [Number(part.slice(0, end)), oneLine(part.slice(end + 1))] as const;
      }),
  );
  return code.split("\n").flatMap((line, index) => {
    const text = promised(line);
    return text === undefined ? [] : [{ promised: text, printed: printed.get(index) }];
  });
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/**
 * Whether a text is what a comment promises. A comment may go on, after a comma or a semicolon, and may leave out the name
 * of an error's class.
 */
export function keeps({ promised, printed }: PrintedLine): boolean {
  if (printed === undefined) return false;
  const ends = Array.from(promised.matchAll(/[,;] |$/g), ({ index }) => promised.slice(0, index));
  return ends.some((text) => isSame(printed, text) || isSame(printed, `SavedModelError: ${text}`));
}

const NUMBER = /(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

/** Returns whether two strings are equal except for the last digits of numbers, which differ between processors. */
export function isSame(actual: string, wanted: string): boolean {
  const [ours, theirs] = [actual, wanted].map((text) =>
    Array.from(text.matchAll(NUMBER), ([digits]) => Number(digits)),
  );
  if (actual.replaceAll(NUMBER, "0") !== wanted.replaceAll(NUMBER, "0")) return false;
  return (ours ?? []).every((value, index) => {
    const other = theirs?.[index] ?? Number.NaN;
    return Math.abs(value - other) <= 1e-4 * Math.abs(other) + 1e-9;
  });
}

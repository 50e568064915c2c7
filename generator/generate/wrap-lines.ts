const LINE_WIDTH = 100;

/** A method's declaration, or the beginning of `load`, as ts-morph prints it: on one line, whatever its length. */
const METHOD = /^( *)((?:static (?:override|async) )?[$\w\p{ID_Continue}]+(?:<_>)?\()(.*)(\): )(.+?)(;| \{)$/u;

/** A property whose type is a function. */
const FUNCTION = /^( *)(readonly [$\w\p{ID_Continue}]+\?: \()(.*)(\) => )(.+)(;)$/u;

/** Puts each parameter of a long declaration on its own line. */
export function wrapLongLines(text: string): string {
  return text
    .split("\n")
    .map((line) => (line.length > LINE_WIDTH && /[;{]$/.test(line) ? wrap(line) : line))
    .join("\n");
}

function wrap(line: string): string {
  const [, indent = "", head, parameters = "", arrow, result = "", end] =
    METHOD.exec(line) ?? FUNCTION.exec(line) ?? [];
  // No comma may follow a rest parameter, and an implementation, which alone has one, is not read.
  if (head === undefined || parameters.startsWith("...")) return line;
  const lines = parameters === "" ? [] : splitTopLevel(parameters).map((parameter) => `${indent}  ${parameter},\n`);
  const list = lines.length === 0 ? "" : `\n${lines.join("")}${indent}`;
  return `${indent}${head}${list}${arrow}${result}${end}`;
}

/** Splits at the commas outside of brackets and strings: those of `TensorLike<"float32", [1, 2]>` stay. */
function splitTopLevel(parameters: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < parameters.length; index++) {
    const character = parameters.charAt(index);
    if (character === '"') index = endOfString(parameters, index);
    else if ("<[({".includes(character)) depth++;
    else if (">])}".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      parts.push(parameters.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, parameters.slice(start).trim()];
}

/** Returns the position of the quote that closes a string. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index;
}

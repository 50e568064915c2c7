const LINE_WIDTH = 100;

/** A method's declaration as ts-morph prints it: on one line, whatever its length. */
const METHOD = /^( *)([$\w\p{ID_Continue}]+)\((.+)\): (.+);$/u;

/** Puts each parameter of a long method declaration on a line of its own. */
export function wrapLongLines(text: string): string {
  return text
    .split("\n")
    .map((line) => (line.length > LINE_WIDTH ? wrap(line) : line))
    .join("\n");
}

function wrap(line: string): string {
  const [, indent, name, parameters, result] = METHOD.exec(line) ?? [];
  if (indent === undefined || name === undefined || parameters === undefined) return line;
  const lines = splitTopLevel(parameters).map((parameter) => `${indent}  ${parameter},\n`);
  return `${indent}${name}(\n${lines.join("")}${indent}): ${result};`;
}

/** Splits at the commas that are in no brackets: those in `TensorLike<"float32", [1, 2]>` stay. */
function splitTopLevel(parameters: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < parameters.length; index++) {
    const character = parameters[index] ?? "";
    if ("<[(".includes(character)) depth++;
    else if (">])".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      parts.push(parameters.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, parameters.slice(start).trim()];
}

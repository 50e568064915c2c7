const LINE_WIDTH = 100;

/** A method's declaration, or the beginning of `load`, as ts-morph prints it: on one line, whatever its length. */
const METHOD = /^( *)((?:static (?:override|async) )?[$\w\p{ID_Continue}]+(?:<_>)?\()(.*)(\): )(.+?)(;| \{)$/u;

/** A property whose type is a function. */
const FUNCTION = /^( *)(readonly [$\w\p{ID_Continue}]+\?: \()(.*)(\) => )(.+)(;)$/u;

/** The type of an object. */
const OBJECT = /^\{ (.+) \}$/;

/** Puts each parameter of a long declaration on its own line, and each property of a long result. */
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
  const lines =
    parameters === ""
      ? []
      : splitTopLevel(parameters, ",").map((parameter) => `${indent}  ${wrapParameter(parameter, `${indent}  `)},\n`);
  const list = lines.length === 0 ? "" : `\n${lines.join("")}${indent}`;
  const last = `${indent}${arrow}${result}${end}`;
  return `${indent}${head}${list}${arrow}${last.length > LINE_WIDTH ? wrapObject(result, indent) : result}${end}`;
}

/** A parameter whose type is an object. */
const OBJECT_PARAMETER = /^(\w+: )(\{ .+ \})$/;

function wrapParameter(parameter: string, indent: string): string {
  const [, name, type] = OBJECT_PARAMETER.exec(parameter) ?? [];
  if (type === undefined || indent.length + parameter.length < LINE_WIDTH) return parameter;
  return `${name}${wrapObject(type, indent)}`;
}

function wrapObject(type: string, indent: string): string {
  const properties = OBJECT.exec(type)?.[1];
  if (properties === undefined) return type;
  const lines = splitTopLevel(properties, ";").map((property) => `${indent}  ${property};\n`);
  return `{\n${lines.join("")}${indent}}`;
}

/** Splits at the separators outside of brackets and strings: commas in `TensorLike<"float32", [1, 2]>` stay. */
function splitTopLevel(parameters: string, separator: "," | ";"): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < parameters.length; index++) {
    const character = parameters.charAt(index);
    if (character === '"') index = endOfString(parameters, index);
    else if ("<[({".includes(character)) depth++;
    else if (">])}".includes(character)) depth--;
    else if (character === separator && depth === 0) {
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

import { readFileSync } from "node:fs";
import ts from "typescript";
import { Editor } from "../../test/support/language-service.js";

const CLIENT = new URL("../../generated/custom-model.ts", import.meta.url);
const HEAD = `import { CustomModel } from "./custom-model.js";

using model = CustomModel.load();
`;
const WRONG = "const y = model.pred([[1, 2, 3]]);";
const CALL = "const loss = model.train([[1, 2]], ";

/** Width of a character and height of a line, in pixels. */
const [CHARACTER, LINE] = [8, 22];
const MARGIN = 20;
const COLOURS = {
  keyword: "#c678dd",
  string: "#98c379",
  text: "#d7dae0",
  quiet: "#8b929e",
  error: "#f2777a",
  due: "#61afef",
};
type Colour = keyof typeof COLOURS;

interface Run {
  readonly text: string;
  readonly colour: Colour;
  readonly isBold?: boolean;
}

/** Draws what an editor shows of a generated client, with the answers of the language service. */
export function drawEditor(): string {
  const editor = new Editor({ "custom-model.ts": readFileSync(CLIENT, "utf8") });
  const problem = editor.diagnostics(`${HEAD}${WRONG}\nexport { y };|`).split("\n");
  const message = problem.find((line) => line.startsWith("TS"))?.replace(/^TS\d+: /, "") ?? "";
  const wavy = /~+/.exec(problem[1] ?? "");
  const [signature = "", due = ""] = editor.signatureHelp(`${HEAD}${CALL}|`).split("\n");
  const [name = "", comment = ""] = due.split(/: (.*)/s);
  const [before = "", parameter = "", after = ""] = signature.split(new RegExp(`(${name}: [^>]*>)`));

  const lines: (readonly Run[])[] = [
    ...HEAD.trimEnd().split("\n").map(coloured),
    coloured(WRONG),
    [{ text: message, colour: "error" }],
    [],
    coloured(CALL),
  ];
  const popup: (readonly Run[])[] = [
    [
      { text: before, colour: "text" },
      { text: parameter, colour: "due", isBold: true },
      { text: after, colour: "text" },
    ],
    [{ text: `${name}  ${comment.replaceAll("`", "")}`, colour: "quiet" }],
  ];
  const columns = Math.max(...[...lines, ...popup].map(lengthOf)) + 3;
  const width = columns * CHARACTER + 2 * MARGIN;
  const top = MARGIN + LINE;
  const popupTop = top + lines.length * LINE;
  const height = popupTop + popup.length * LINE + 2 * MARGIN;
  const underline = {
    x: MARGIN + (wavy?.index ?? 0) * CHARACTER,
    y: top + 3 * LINE + 5,
    characters: wavy?.[0].length ?? 0,
  };
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="An editor marks a wrong shape in a call of pred, and shows the parameters of train" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#21252b"/>`,
    ...lines.map((line, index) => textLine(line, top + index * LINE, MARGIN)),
    `<path d="${wave(underline)}" fill="none" stroke="${COLOURS.error}"/>`,
    `<rect x="${MARGIN}" y="${popupTop - 10}" width="${width - 2 * MARGIN}" height="${popup.length * LINE + MARGIN - 4}" rx="4" fill="#2c313a" stroke="#4b5263"/>`,
    ...popup.map((line, index) => textLine(line, popupTop + MARGIN / 2 + index * LINE, MARGIN + CHARACTER)),
    "</svg>",
  ].join("\n")}\n`;
}

function lengthOf(line: readonly Run[]): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** Returns the tokens of a line of TypeScript. */
function coloured(line: string): readonly Run[] {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, line);
  const runs: Run[] = [];
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    runs.push({ text: scanner.getTokenText(), colour: colourOf(kind) });
  }
  return runs;
}

function colourOf(kind: ts.SyntaxKind): Colour {
  if (kind === ts.SyntaxKind.StringLiteral) return "string";
  const isKeyword = kind >= ts.SyntaxKind.FirstKeyword && kind <= ts.SyntaxKind.LastKeyword;
  return isKeyword ? "keyword" : "text";
}

/** Returns an SVG line. Every run has its width set, so that it looks the same in any font. */
function textLine(line: readonly Run[], y: number, left: number): string {
  let column = 0;
  return line
    .map(({ text, colour, isBold = false }) => {
      const x = left + column * CHARACTER;
      column += text.length;
      if (text.trim() === "") return "";
      const weight = isBold ? ' font-weight="bold"' : "";
      const length = ` textLength="${text.length * CHARACTER}" lengthAdjust="spacingAndGlyphs"`;
      return `<text x="${x}" y="${y}" fill="${COLOURS[colour]}"${weight}${length} xml:space="preserve">${escaped(text)}</text>`;
    })
    .join("");
}

function wave({ x, y, characters }: { readonly x: number; readonly y: number; readonly characters: number }): string {
  const half = CHARACTER / 2;
  return `M${x} ${y}${` q${half / 2} -3 ${half} 0 t${half} 0`.repeat(characters)}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { outcomesOf } from "../goals.js";
import type { Result } from "../rounds.js";
import { drawChart } from "./chart.js";
import type { Figures } from "./figures.js";
import { type Run, readRuns } from "./json.js";
import { formatDigits } from "./layout.js";
import { labelOf } from "./setting.js";
import { formatRatio, formatValue, ratioHead, ratiosTo } from "./table.js";

const DOCS = new URL("../../docs/", import.meta.url);
const PAGE = new URL("benchmarks.md", DOCS);
const CHART = new URL("benchmarks/ratios.svg", DOCS);

/** Lines of the page around what is written here. */
const BEGIN = "<!-- Figures: `npm run bench -- --save` measures them, `npm run bench -- --docs` writes them here. -->";
const END = "<!-- End of the figures. -->";

/** Writes the tables of docs/benchmarks.md, and its chart, from the runs in docs/benchmarks. */
export function writeDocs(): void {
  const { page, chart } = drawDocs();
  writeFileSync(PAGE, page);
  writeFileSync(CHART, chart);
}

/** Returns what `writeDocs` writes. @throws Error when the page has no place for the figures */
export function drawDocs(): { readonly page: string; readonly chart: string } {
  const runs = readRuns(fileURLToPath(new URL("benchmarks/", DOCS)));
  const text = readFileSync(PAGE, "utf8");
  const [before, rest] = text.split(BEGIN, 2);
  const after = rest?.split(END, 2)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/benchmarks.md lacks the line ${BEGIN}`);
  return { page: `${before}${BEGIN}\n\n${renderRuns(runs)}\n${END}${after}`, chart: drawChart(runs) };
}

/** Renders runs on several processors side by side, as Markdown. */
export function renderRuns(runs: readonly Run[]): string {
  const names = [...new Set(runs.flatMap(({ results }) => results.map(({ name }) => name)))];
  return [
    table(
      ["", ...runs.map(({ setting }) => labelOf(setting))],
      [
        ["processors", ...runs.map(({ setting }) => `${setting.processors}, ${setting.platform}`)],
        [
          "oneDNN",
          ...runs.map(({ setting: { oneDnn } }) => (oneDnn === null ? "not recorded" : oneDnn ? "yes" : "no")),
        ],
        ["savedmodel", ...runs.map(({ setting }) => `${setting.savedmodel}, ${setting.date}`)],
        ["TensorFlow", ...runs.map(({ setting }) => setting.tensorflow)],
        ["Node.js", ...runs.map(({ setting }) => setting.node)],
      ],
    ),
    "![Time of a call relative to C, by contestant and processor](benchmarks/ratios.svg)\n",
    renderGoals(runs),
    ...names.map((name) => renderComparison(name, runs)),
  ].join("\n");
}

function renderGoals(runs: readonly Run[]): string {
  const columns = runs.map(({ results }) => outcomesOf(results));
  const rows = (columns[0] ?? []).map(({ title, limit }, index) => [
    title,
    limit,
    ...columns.map((outcomes) => {
      const { measured = "–", verdict = "" } = outcomes[index] ?? {};
      return measured === "–" ? measured : `${measured} ${verdict}`;
    }),
  ]);
  return `**Goals**\n\n${table(["", "goal", ...runs.map(({ setting }) => labelOf(setting))], rows)}`;
}

/** Renders a comparison, which may be missing in some runs. */
function renderComparison(name: string, runs: readonly Run[]): string {
  const there = runs.flatMap(({ setting, results }) => {
    const result = results.find((result) => result.name === name);
    return result === undefined ? [] : [{ label: labelOf(setting), result }];
  });
  const [first] = there;
  if (first === undefined) return "";
  const { result } = first;
  if (!("scores" in result)) {
    const rows = there.flatMap(({ label, result }) =>
      "scores" in result ? [] : result.rows.map((row) => figureCells(row, label, result)),
    );
    const heads = ["", "processor", ...result.columns];
    return `**${result.title}** (${result.unit})\n\n${table(heads, groupByName(rows))}`;
  }
  const results = there.flatMap(({ label, result }) => ("scores" in result ? [{ label, result }] : []));
  const contestants = [...new Set(results.flatMap(({ result }) => result.scores.map(({ name }) => name)))];
  const heads = results.flatMap(({ label, result: { baselines } }) => [
    label,
    ...baselines.map((_, index) => ratioHead(index, baselines)),
  ]);
  const rows = contestants.map((name) => [name, ...results.flatMap(({ result }) => scoreCells(name, result))]);
  return `**${result.title}** (${ratiosTo(result.baselines)})\n\n${table(["", ...heads], rows)}`;
}

function scoreCells(name: string, { scores, baselines, unit }: Result): readonly string[] {
  const score = scores.find((score) => score.name === name);
  if (score === undefined || "absent" in score) return ["–", ...baselines.map(() => "–")];
  return [formatValue(score.median, unit), ...score.ratios.map(formatRatio)];
}

function figureCells(row: Figures["rows"][number], label: string, { columns }: Figures): readonly string[] {
  return [row.name, label, ...("absent" in row ? columns.map(() => "–") : row.values.map(formatDigits))];
}

/** Puts the rows of a name one below the other. */
function groupByName(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Set(rows.map(([name]) => name))].flatMap((name) => rows.filter((row) => row[0] === name));
}

/** Renders a table with numbers at the right, aligned as Biome formats it. */
function table(heads: readonly string[], cells: readonly (readonly string[])[]): string {
  // A bar would begin another cell.
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = heads.map((head, column) => Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const aligned = [heads, ...rows].map((cells) =>
    widths.map((width, column) => {
      const cell = cells[column] ?? "";
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
  return `${[...aligned.slice(0, 1), rule, ...aligned.slice(1)].map(line).join("\n")}\n`;
}

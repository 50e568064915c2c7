import { scaleLog } from "d3-scale";
import { NAME_SIZE, ROOT_CLASS, STYLE, TEXT_SIZE } from "../../runtime/training/plot/plot-style.js";
import { element, textNode } from "../../runtime/training/plot/plot-svg.js";
import type { Run } from "./json.js";
import { labelOf } from "./setting.js";

/** Comparisons of the chart, with short titles: their first baseline is C. */
const SHOWN = {
  train: "train(), overhead only",
  pred: "pred(), overhead only",
  "identity/1KB": "1 KB in and out",
  "identity/64KB": "64 KB in and out",
  "identity/64MB": "64 MB in and out",
  "strings/100": "1,000 strings of 100 bytes",
  "cnn/1": "small network, one image",
  "mobilenet/1": "MobileNetV2, one image",
} as const;
const CONTESTANT = /^(savedmodel|Python|Rust|onnxruntime|C, single|C, default)/;

/** Sizes in pixels. */
const [WIDTH, LEFT, RIGHT, ROW, NAME, LEGEND] = [760, 232, 24, 17, 26, 22];

/** Classes of the marks of the processors, whose colours color-blind readers tell apart. */
const MARKS = ["training-mark", "validation-mark", "constant-mark"];

interface Dot {
  readonly ratio: number;
  readonly mark: string;
}

/** Rows of one comparison: the ratios of a contestant on each processor. */
interface Group {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly dots: readonly Dot[] }[];
}

function groupOf(name: string, title: string, runs: readonly Run[]): Group {
  const rows = new Map<string, Dot[]>();
  for (const [index, { results }] of runs.entries()) {
    const result = results.find((result) => result.name === name);
    if (result === undefined || !("scores" in result)) continue;
    for (const score of result.scores) {
      const ratio = "absent" in score ? undefined : score.ratios[0]?.median;
      if (ratio === undefined || !CONTESTANT.test(score.name)) continue;
      rows.set(score.name, [...(rows.get(score.name) ?? []), { ratio, mark: MARKS[index % MARKS.length] ?? "" }]);
    }
  }
  return { title, rows: [...rows].map(([name, dots]) => ({ name, dots })) };
}

/**
 * Draws the time of a call relative to C, as dots on a logarithmic axis: lengths of bars would mean nothing there. It is
 * drawn with the parts of the charts that `history.toSVG()` draws.
 */
export function drawChart(runs: readonly Run[]): string {
  const groups = Object.entries(SHOWN)
    .map(([name, title]) => groupOf(name, title, runs))
    .filter(({ rows }) => rows.length > 0);
  const ratios = groups.flatMap(({ rows }) => rows.flatMap(({ dots }) => dots.map(({ ratio }) => ratio)));
  const x = scaleLog([Math.min(0.5, ...ratios) / 1.1, Math.max(2, ...ratios) * 1.1], [LEFT, WIDTH - RIGHT]);
  const ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter(
    (tick) => tick >= (x.domain()[0] ?? 0) && tick <= (x.domain()[1] ?? 0),
  );
  const top = 16 + runs.length * LEGEND;
  const height = top + groups.reduce((sum, { rows }) => sum + NAME + rows.length * ROW, 0) + 44;
  const bottom = height - 36;
  const text = (x: number, y: number, content: string, attributes: Readonly<Record<string, string>> = {}): string =>
    element("text", { class: "label", x, y, ...attributes }, textNode(content));
  const parts = runs.flatMap(({ setting }, index) => [
    element("circle", { class: MARKS[index % MARKS.length] ?? "", cx: 22, cy: 20 + index * LEGEND, r: 4 }),
    text(34, 24 + index * LEGEND, labelOf(setting)),
  ]);
  for (const tick of ticks) {
    const stroke = tick === 1 ? "axis" : "grid";
    parts.push(element("line", { class: stroke, x1: x(tick), x2: x(tick), y1: top, y2: bottom }));
    parts.push(text(x(tick), bottom + 15, `${tick}×`, { "text-anchor": "middle" }));
  }
  parts.push(
    text((LEFT + WIDTH - RIGHT) / 2, bottom + 31, "time relative to C (log scale); left is faster", {
      "text-anchor": "middle",
    }),
  );
  let y = top;
  for (const { title, rows } of groups) {
    y += NAME;
    parts.push(element("text", { class: "name ink", x: 16, y: y - 6, "font-size": NAME_SIZE }, textNode(title)));
    for (const { name, dots } of rows) {
      const middle = y + ROW / 2;
      const own = name.startsWith("savedmodel") ? { class: "ink" } : {};
      parts.push(text(LEFT - 10, middle + TEXT_SIZE * 0.34, name, { "text-anchor": "end", ...own }));
      parts.push(element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: middle, y2: middle }));
      for (const { ratio, mark } of dots)
        parts.push(element("circle", { class: mark, cx: x(ratio), cy: middle, r: 4 }));
      y += ROW;
    }
  }
  const description = groups.flatMap(({ title, rows }) =>
    rows.map(({ name, dots }) => `${title}: ${name} ${dots.map(({ ratio }) => `${ratio.toFixed(2)}×`).join(", ")}.`),
  );
  const size = { width: WIDTH, height };
  const picture = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", class: ROOT_CLASS, ...size, viewBox: `0 0 ${WIDTH} ${height}`, role: "img" },
    element("title", {}, "Time of a call relative to C"),
    element("desc", {}, textNode(description.join(" "), 20_000)),
    element("style", {}, STYLE),
    element("rect", { class: "paper", ...size }),
    ...parts,
  );
  return `${picture}\n`;
}

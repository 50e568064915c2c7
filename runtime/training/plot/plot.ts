import { checkOptions, invalidOption } from "../../base/check-options.js";
import { shortNumber } from "../progress/format-number.js";
import type { EpochRecord } from "../records/events.js";
import { columnsOf } from "../records/history-columns.js";
import { type Axis, drawable, epochAxis, valueAxis } from "./plot-axis.js";
import { plotDescription } from "./plot-description.js";
import { type Cell, EDGE, layOut } from "./plot-layout.js";
import { drawPanel } from "./plot-panel.js";
import { type Panels, panelsOf } from "./plot-panels.js";
import { ROOT_CLASS, STYLE, TEXT_SIZE, TITLE_SIZE } from "./plot-style.js";
import { element, fittingText, textNode, textWidth } from "./plot-svg.js";

/** Options for drawing a history. */
export interface PlotOptions {
  /** Heading; none by default. */
  readonly title?: string;
  /** Width in pixels, from 240 to 8000. Default: 760. */
  readonly width?: number;
  /** Height in pixels, up to 8000; by default as many as the panels need to be legible. */
  readonly height?: number;
}

/** Contents of the chart. */
interface Training {
  readonly epochs: readonly EpochRecord[];
  readonly bestEpoch: number | undefined;
  readonly monitor: string | undefined;
}

const CALL = "toSVG()";

const WIDTH = 760;
const LEAST_WIDTH = 240;
const MOST = 8000;

/** Ratio of the largest to the smallest value above which a scale is logarithmic: of metrics, of constants. */
const METRIC_FACTOR = 100;
const CONSTANT_FACTOR = 10;

/** Room for `validation` behind a line, and that for half of an epoch's number. */
const ROLE_ROOM = 66;
const NUMBER_ROOM = 12;

/**
 * Draws a chart of a training as an SVG string. The same training results in the same string.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function plotHistory(training: Training, options: PlotOptions): string {
  checkOptions(CALL, options, ["height", "title", "width"]);
  const { title = "", width = WIDTH, height } = options;
  if (typeof title !== "string") throw invalidOption(CALL, "title", "a string");
  checkPixels("width", width, LEAST_WIDTH);
  if (height !== undefined) checkPixels("height", height, 1);

  const { epochs, bestEpoch, monitor } = training;
  const panels = panelsOf(columnsOf(epochs), monitor);
  const layout = layOut(panels, { width, height, hasTitle: title !== "" });
  if (height !== undefined && height < layout.height) {
    throw invalidOption(CALL, "height", `at least ${layout.height} for what there is to show`);
  }
  const size = { width, height: layout.height };
  const centre = { x: width / 2, y: layout.height / 2 + 8, "text-anchor": "middle" };
  const root = { class: ROOT_CLASS, ...size, viewBox: `0 0 ${width} ${layout.height}`, role: "img" };
  const picture = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", ...root },
    element("title", {}, textNode(title === "" ? "Training" : title, 500)),
    element("desc", {}, textNode(plotDescription(epochs, bestEpoch), 5000)),
    element("style", {}, STYLE),
    element("rect", { class: "paper", ...size }),
    ...drawTitle(title, width),
    ...(layout.cells.length === 0 ? [element("text", { class: "label", ...centre }, "nothing to show")] : []),
    ...drawCells(training, layout.cells),
    ...drawCaption(panels, width, layout.captionY),
  );
  return `${picture}\n`;
}

function checkPixels(option: string, value: unknown, least: number): void {
  if (typeof value === "number" && value >= least && value <= MOST) return;
  throw invalidOption(CALL, option, `a number of pixels from ${least} to ${MOST}`);
}

function drawTitle(title: string, width: number): readonly string[] {
  if (title === "") return [];
  return [
    element(
      "text",
      { class: "title ink", x: EDGE, y: EDGE + TITLE_SIZE },
      fittingText(title, TITLE_SIZE, width - 2 * EDGE),
    ),
  ];
}

function drawCells(training: Training, cells: readonly Cell[]): readonly string[] {
  if (cells.length === 0) return [];
  const epochs = training.epochs.map(({ epoch }) => epoch);
  const hasRoles = cells.some(({ panel }) => panel.series.some(({ role }) => role === "validation"));
  // Where nothing was watched, the first panel says which epoch was the best.
  const naming = cells.find(({ panel }) => panel.monitored !== undefined) ?? cells[0];
  const axes = cells.map(({ panel, top, bottom }) => {
    const values = panel.series.flatMap((series) => series.values.map(drawable));
    return valueAxis(values, [bottom, top], panel.isConstant ? CONSTANT_FACTOR : METRIC_FACTOR);
  });
  return cells.map((cell, index) => {
    const { panel, left: start, top, bottom } = cell;
    // Panels below each other begin and end at the same place.
    const left =
      start + Math.max(...axes.map((axis, other) => (cells[other]?.column === cell.column ? room(axis) : 0)));
    const right = cell.right - (hasRoles ? ROLE_ROOM : NUMBER_ROOM);
    return drawPanel({
      panel,
      epochs,
      frame: { start, left, right, top, bottom },
      x: epochAxis(epochs, [left, right]),
      y: axes[index],
      bestEpoch: training.bestEpoch,
      namesBest: cell === naming,
      hasEpochs: cell.isLast,
      hasRoles,
    });
  });
}

/** Returns the width of the labels of an axis. */
function room(axis: Axis | undefined): number {
  return 10 + Math.max(0, ...(axis?.ticks ?? []).map(({ label }) => textWidth(label, TEXT_SIZE)));
}

function drawCaption({ fixed }: Panels, width: number, y: number): readonly string[] {
  if (fixed.length === 0) return [];
  const text = fixed.map(({ name, value }) => `${name}: ${shortNumber(value)}`).join("   ");
  return [element("text", { class: "label", x: EDGE, y }, fittingText(text, TEXT_SIZE, width - 2 * EDGE))];
}

import { curveStep, line } from "d3-shape";
import { itemAt } from "../../base/item-at.js";
import { shortNumber } from "../progress/format-number.js";
import { type Axis, drawable } from "./plot-axis.js";
import { decimate, type Point } from "./plot-decimate.js";
import type { Panel, Series } from "./plot-panels.js";
import { NAME_SIZE, TEXT_SIZE } from "./plot-style.js";
import { element, fittingText, textNode } from "./plot-svg.js";

/** Area of a panel's lines. Its name stands above, and its tick labels to the left and below. */
interface Frame {
  /** Start of its name, left of the labels. */
  readonly start: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Data that a panel is drawn from. */
export interface PanelView {
  readonly panel: Panel;
  readonly epochs: readonly number[];
  readonly frame: Frame;
  readonly x: Axis;
  /** Undefined when there is nothing to draw. */
  readonly y: Axis | undefined;
  readonly bestEpoch: number | undefined;
  /** True if it names the best epoch. */
  readonly namesBest: boolean;
  /** True if the epochs are written below. */
  readonly hasEpochs: boolean;
  /** True if it says which line is the validation's. */
  readonly hasRoles: boolean;
}

/** Minimum distance in pixels for marking each epoch with a dot. */
const DOT_DISTANCE = 12;

/** The distance of a label's baseline from its middle. */
const BASELINE = TEXT_SIZE * 0.34;

/** Draws the elements of one panel, as XML. */
export function drawPanel(view: PanelView): string {
  const { panel, frame, y } = view;
  const name = `${panel.name}${panel.series.every(({ role }) => role === "validation") ? " (validation)" : ""}`;
  return element(
    "g",
    {},
    drawName(name, y?.isLogarithmic === true, frame),
    ...(y === undefined ? [message("no finite values", frame)] : drawValues(y, frame)),
    ...drawEpochs(view),
    ...drawBestLine(view),
    ...(y === undefined ? [] : panel.series.map((series) => drawSeries(series, view, y))),
    ...(y === undefined ? [] : drawRoles(view, y)),
    ...drawBest(view),
  );
}

function drawName(name: string, isLogarithmic: boolean, { start, right, top }: Frame): string {
  // The rest of the line is for the best epoch.
  const room = (right - start) * 0.55;
  const scale = isLogarithmic ? [element("tspan", { class: "scale label", dx: 7 }, "log scale")] : [];
  return element("text", { class: "name ink", x: start, y: top - 10 }, fittingText(name, NAME_SIZE, room), ...scale);
}

function message(text: string, { left, right, top, bottom }: Frame): string {
  return element(
    "text",
    { class: "label", x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle" },
    text,
  );
}

function drawValues(y: Axis, { left, right }: Frame): readonly string[] {
  return y.ticks.flatMap(({ value, label }) => {
    const at = y.position(value);
    return [
      element("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
      element("text", { class: "label", x: left - 7, y: at + BASELINE, "text-anchor": "end" }, textNode(label)),
    ];
  });
}

function drawEpochs({ x, frame: { left, right, bottom }, hasEpochs }: PanelView): readonly string[] {
  const ticks = x.ticks.flatMap(({ value, label }) => {
    const at = x.position(value);
    const text = { class: "label", x: at, y: bottom + 17, "text-anchor": "middle" };
    const mark = element("line", { class: "axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 });
    return hasEpochs ? [mark, element("text", text, textNode(label))] : [mark];
  });
  const title = { class: "label", x: (left + right) / 2, y: bottom + 33, "text-anchor": "middle" };
  return [
    element("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    ...ticks,
    ...(hasEpochs ? [element("text", title, "epoch")] : []),
  ];
}

function drawSeries({ role, values }: Series, view: PanelView, y: Axis): string {
  const { x, frame } = view;
  const all = view.epochs.map((epoch, index) => ({ epoch, value: drawable(itemAt(values, index)) }));
  const points = decimate(all, x.position);
  const isThere = (point: Point | undefined): boolean => point !== undefined && !Number.isNaN(point.value);
  const series = line<Point>()
    .defined(isThere)
    .x(({ epoch }) => x.position(epoch))
    .y(({ value }) => y.position(value))
    .digits(1);
  if (role === "constant") series.curve(curveStep);
  const hasDots = role !== "constant" && all.length * DOT_DISTANCE <= frame.right - frame.left;
  const dots = points.filter((point, index) => {
    const isAlone = !isThere(points[index - 1]) && !isThere(points[index + 1]);
    return isThere(point) && (hasDots || isAlone);
  });
  return [
    element("path", { class: `line ${role}-line`, d: series(points) ?? "" }),
    ...dots.map(({ epoch, value }) =>
      element("circle", { class: `${role}-mark`, cx: x.position(epoch), cy: y.position(value), r: 2.2 }),
    ),
  ].join("");
}

/** Draws the name of each line at its end, without overlaps. */
function drawRoles({ panel, frame, hasRoles }: PanelView, y: Axis): readonly string[] {
  if (!hasRoles || panel.isConstant) return [];
  const labels = panel.series.flatMap(({ role, values }) => {
    const last = values.findLast((value) => !Number.isNaN(drawable(value)));
    return last === undefined ? [] : [{ role, at: y.position(last) }];
  });
  const [upper, lower] = labels.toSorted((a, b) => a.at - b.at);
  if (upper !== undefined && lower !== undefined) {
    const overlap = Math.max(0, TEXT_SIZE + 3 - (lower.at - upper.at));
    upper.at -= overlap / 2;
    lower.at += overlap / 2;
    const below = Math.max(0, lower.at - frame.bottom);
    upper.at -= below;
    lower.at -= below;
  }
  return labels.map(({ role, at }) =>
    element("text", { class: `${role}-mark`, x: frame.right + 8, y: at + BASELINE }, role),
  );
}

function drawBestLine({ x, bestEpoch, frame: { top, bottom } }: PanelView): readonly string[] {
  if (bestEpoch === undefined) return [];
  const at = x.position(bestEpoch);
  return [element("line", { class: "best", x1: at, x2: at, y1: top, y2: bottom })];
}

/** Draws a ring at the best value, and the number of that epoch above the panel. */
function drawBest({ panel, epochs, x, y, bestEpoch, namesBest, frame }: PanelView): readonly string[] {
  if (bestEpoch === undefined) return [];
  const best = panel.monitored?.values[epochs.indexOf(bestEpoch)];
  const hasRing = y !== undefined && best !== undefined && !Number.isNaN(drawable(best));
  const ring = { class: "ring", cx: x.position(bestEpoch), cy: hasRing ? y.position(best) : 0, r: 4 };
  const text = `${hasRing ? "○ " : ""}best epoch ${bestEpoch}${best === undefined ? "" : `: ${shortNumber(best)}`}`;
  const attributes = { class: "ink", x: frame.right, y: frame.top - 10, "text-anchor": "end" };
  return [
    ...(hasRing ? [element("circle", ring)] : []),
    ...(namesBest ? [element("text", attributes, textNode(text))] : []),
  ];
}

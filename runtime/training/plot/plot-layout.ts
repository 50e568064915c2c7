import { itemAt } from "../../base/item-at.js";
import type { Panel, Panels } from "./plot-panels.js";

/** Area of a panel. */
export interface Cell {
  readonly panel: Panel;
  /** Column of panels that it is in, starting at 0. */
  readonly column: number;
  readonly left: number;
  readonly right: number;
  /** Top of the area of its lines; the name stands above. */
  readonly top: number;
  readonly bottom: number;
  /** True if no panel is below it. */
  readonly isLast: boolean;
}

/** Positions of the parts of a chart. */
export interface Layout {
  readonly height: number;
  readonly cells: readonly Cell[];
  /** Vertical position of the text below the panels. */
  readonly captionY: number;
}

/** Options for the layout of a chart. */
interface LayoutOptions {
  readonly width: number;
  readonly height: number | undefined;
  readonly hasTitle: boolean;
}

/** Margins, and the gap between two columns. */
export const EDGE = 16;
const COLUMN_GAP = 24;

const TITLE_HEIGHT = 30;
const NAME_HEIGHT = 30;
const ROW_GAP = 14;
const EPOCHS_HEIGHT = 36;
const CAPTION_HEIGHT = 24;

/** Default heights of panels in pixels, by the number of their rows, and the smallest part of one. */
const METRIC_HEIGHTS = [240, 240, 170, 150] as const;
const CONSTANT_HEIGHT = 56;
const LEAST_PART = 0.4;

/** Number of metrics above which they are set in two columns, and the minimum width of such a chart. */
const ONE_COLUMN = 3;
const TWO_COLUMNS_WIDTH = 640;

/** Sets the metrics one below the other, or in two columns, and the constants below them. */
export function layOut({ metrics, constants, fixed }: Panels, { width, height, hasTitle }: LayoutOptions): Layout {
  const columns = metrics.length > ONE_COLUMN && width >= TWO_COLUMNS_WIDTH ? 2 : 1;
  const rows = [...rowsOf(metrics, columns), ...rowsOf(constants, columns)];
  const metricHeight = columns === 2 ? 120 : (METRIC_HEIGHTS[metrics.length] ?? 130);
  const bodies = rows.map(([first]) => (first?.isConstant === true ? CONSTANT_HEIGHT : metricHeight));
  const start = EDGE + (hasTitle ? TITLE_HEIGHT : 0);
  const caption = fixed.length > 0 ? CAPTION_HEIGHT : 0;
  const gaps = rows.length === 0 ? 60 : rows.length * NAME_HEIGHT + (rows.length - 1) * ROW_GAP + EPOCHS_HEIGHT;
  const around = start + gaps + caption + EDGE / 2;
  const wanted = bodies.reduce((sum, body) => sum + body, 0);
  const part = height === undefined || wanted === 0 ? 1 : Math.max(LEAST_PART, (height - around) / wanted);

  const cellWidth = (width - 2 * EDGE - (columns - 1) * COLUMN_GAP) / columns;
  const cells: Cell[] = [];
  let y = start;
  for (const [row, panels] of rows.entries()) {
    const top = y + NAME_HEIGHT;
    const bottom = top + itemAt(bodies, row) * part;
    for (const [column, panel] of panels.entries()) {
      const left = EDGE + column * (cellWidth + COLUMN_GAP);
      const isLast = rows.slice(row + 1).every((below) => below[column] === undefined);
      cells.push({ panel, column, left, right: left + cellWidth, top, bottom, isLast });
    }
    y = bottom + ROW_GAP;
  }
  const total = Math.ceil(around + wanted * part);
  const isLower = wanted === 0 && height !== undefined;
  const end = isLower ? Math.max(total, height) : total;
  return { height: end, cells, captionY: end - EDGE / 2 - 4 };
}

function rowsOf(panels: readonly Panel[], columns: number): readonly (readonly Panel[])[] {
  const rows: (readonly Panel[])[] = [];
  for (let start = 0; start < panels.length; start += columns) rows.push(panels.slice(start, start + columns));
  return rows;
}

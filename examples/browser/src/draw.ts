/** Points per side. */
const SIZE = 21;

/** Coordinates from -1 to 1. */
const AXIS = Array.from({ length: SIZE }, (_, index) => (2 * index) / (SIZE - 1) - 1);

/** Points of a square grid, row by row: the input of one call. */
export const GRID: number[][] = AXIS.flatMap((b) => AXIS.map((a) => [a, b]));

const STEP = 2 / (SIZE - 1);
const NAMESPACE = "http://www.w3.org/2000/svg";

/** Draws the height at each point of the grid as a color, from blue (-1) to red (1), and marks a point. */
export function drawHeights(svg: SVGSVGElement, heights: Float32Array, marked: { a: number; b: number }): void {
  const tiles = GRID.map(([a = 0, b = 0], index) => {
    const height = heights[index] ?? Number.NaN;
    const strength = Math.min(1, Math.abs(height));
    return make("rect", {
      x: a - STEP / 2,
      y: -b - STEP / 2,
      width: STEP,
      height: STEP,
      fill: `hsl(${height < 0 ? 220 : 10} 80% ${100 - 50 * strength}%)`,
      "data-height": height,
    });
  });
  const mark = make("circle", { cx: marked.a, cy: -marked.b, r: 0.03 });
  svg.replaceChildren(...tiles, mark);
}

function make(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** Value of an epoch; NaN is a gap. */
export interface Point {
  readonly epoch: number;
  readonly value: number;
}

/**
 * Omits invisible points: of those in one column of the chart, the first, the last, the smallest and the greatest
 * remain, and one gap. A line through them looks like one through all of them.
 */
export function decimate(points: readonly Point[], columnOf: (epoch: number) => number): readonly Point[] {
  const kept: Point[] = [];
  for (let start = 0; start < points.length; ) {
    const column = columnAt(points, start, columnOf);
    let end = start + 1;
    while (end < points.length && columnAt(points, end, columnOf) === column) end++;
    kept.push(...extremes(points.slice(start, end)));
    start = end;
  }
  return kept;
}

function columnAt(points: readonly Point[], index: number, columnOf: (epoch: number) => number): number {
  return Math.floor(columnOf(points[index]?.epoch ?? 0));
}

function extremes(points: readonly Point[]): readonly Point[] {
  if (points.length <= 4) return points;
  const drawn = points.filter(({ value }) => !Number.isNaN(value));
  const most = (isMore: (a: number, b: number) => boolean): Point | undefined =>
    drawn.reduce<Point | undefined>(
      (best, point) => (best === undefined || isMore(point.value, best.value) ? point : best),
      undefined,
    );
  const chosen = new Set([
    points[0],
    most((a, b) => a < b),
    most((a, b) => a > b),
    points.find(({ value }) => Number.isNaN(value)),
    points.at(-1),
  ]);
  return points.filter((point) => chosen.has(point));
}

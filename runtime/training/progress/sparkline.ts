import sparkly from "sparkly";

/**
 * Draws numbers as at most `width` characters, such as `█▅▃▂▁`; a number that is not finite is a space. Of more numbers
 * than characters, each character shows the mean of some.
 */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(values.length, Math.max(0, Math.floor(width)));
  if (count === 0) return "";
  const course = Array.from({ length: count }, (_, index) =>
    halfMean(
      values.slice(Math.floor((index * values.length) / count), Math.floor(((index + 1) * values.length) / count)),
    ),
  );
  return sparkly(course);
}

function halfMean(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return Number.NaN;
  // Half of the mean, divided before it is added: so the range of even the largest numbers is finite.
  return finite.reduce((sum, value) => sum + value / finite.length / 2, 0);
}

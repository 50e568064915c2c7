import { scaleLinear, scaleLog } from "d3-scale";

/** Mapping of numbers to positions in a chart, with the numbers that label it. */
export interface Axis {
  readonly position: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  readonly isLogarithmic: boolean;
}

/** Differences of larger numbers may be lost, and smaller ones cannot be told from zero. */
const LARGEST = 1e250;
const SMALLEST = 1e-250;

/** Returns the value as a chart shows it: itself, or NaN for a gap. */
export function drawable(value: number): number {
  const size = Math.abs(value);
  if (size < SMALLEST) return 0;
  return size <= LARGEST ? value : Number.NaN;
}

/** Room above and below the values, as a fraction of their range. */
const MARGIN = 0.06;

/** Fraction of a number that is too small to be written at an axis. */
const ROUNDING = 1e-12;

/** Height per label in pixels. */
const LABEL_HEIGHT = 34;
const MOST_LABELS = 6;

/**
 * Makes an axis of values, from `bottom` up to `top`. It is logarithmic where all values are positive and the largest
 * is more than `factor` times the smallest.
 */
export function valueAxis(
  values: readonly number[],
  [bottom, top]: readonly [number, number],
  factor: number,
): Axis | undefined {
  let [least, most] = extent(values);
  if (least === undefined || most === undefined) return undefined;
  const count = Math.min(MOST_LABELS, Math.max(2, Math.floor((bottom - top) / LABEL_HEIGHT)));
  if (least > 0 && most / factor > least) {
    const margin = Math.exp((Math.log(most) - Math.log(least)) * MARGIN);
    const log = scaleLog([least / margin, most * margin], [bottom, top]);
    const all = log.ticks(count);
    const powers = all.filter((value) => leadingDigit(value) === "1");
    const few = powers.length > 1 ? powers : all.filter((value) => "125".includes(leadingDigit(value)));
    const ticks = thinned(few, count).map((value) => ({ value, label: tidy(plain(value)) }));
    return { position: log, ticks, isLogarithmic: true };
  }
  // A line that is flat lies in the middle; so does one whose differences are the rounding of its numbers.
  if (most - least <= Math.max(Math.abs(least), Math.abs(most)) * ROUNDING) {
    const room = Math.abs(least) / 10 || 1;
    [least, most] = [least - room, most + room];
  }
  const margin = (most - least) * MARGIN;
  // Nothing is below 0 where no value is.
  const low = least >= 0 ? Math.max(0, least - margin) : least - margin;
  const linear = scaleLinear([low, most + margin], [bottom, top]);
  const size = Math.max(Math.abs(least), Math.abs(most));
  const format = linear.tickFormat(count, size >= 1e5 || size < 1e-3 ? "~e" : ",f");
  const ticks = linear.ticks(count).map((value) => ({ value, label: tidy(format(value)) }));
  return { position: linear, ticks, isLogarithmic: false };
}

/** Makes an axis of epochs, which are whole numbers. */
export function epochAxis(epochs: readonly number[], [left, right]: readonly [number, number]): Axis {
  const first = epochs[0] ?? 1;
  const last = epochs.at(-1) ?? first;
  const domain = first === last ? [first - 1, last + 1] : [first, last];
  const linear = scaleLinear(domain, [left, right]);
  const count = Math.max(3, Math.floor((right - left) / 70));
  const label = linear.tickFormat(1, ",d");
  const whole = first === last ? [first] : linear.ticks(count).filter(Number.isInteger);
  return { position: linear, ticks: whole.map((value) => ({ value, label: label(value) })), isLogarithmic: false };
}

function leadingDigit(value: number): string {
  return value.toExponential(0).charAt(0);
}

/** A power of ten, or a small multiple of one. */
function plain(value: number): string {
  return value >= 1e5 || value < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(1)));
}

/** `2e+7` as people write it. */
function tidy(label: string): string {
  return label === "0e+0" ? "0" : label.replace("e+", "e").replace("e-", "e−");
}

function extent(values: readonly number[]): readonly [number | undefined, number | undefined] {
  let least: number | undefined;
  let most: number | undefined;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (least === undefined || value < least) least = value;
    if (most === undefined || value > most) most = value;
  }
  return [least, most];
}

/** Returns at most `count` ticks, evenly chosen. */
function thinned<T>(ticks: readonly T[], count: number): readonly T[] {
  const step = Math.ceil(ticks.length / (count + 1));
  return ticks.filter((_, index) => index % step === 0);
}

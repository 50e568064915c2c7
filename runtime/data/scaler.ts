import { withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { itemAt } from "../base/item-at.js";
import { formatShape } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { convertNumbers, positionOf } from "./convert-values.js";
import { doublesOf, type Numbers } from "./numbers.js";

/** Method of fitting a scaler. */
export type ScalerKind = "minMax" | "zScore";

/** Parameters of a scaler, as JSON holds them. */
export interface ScalerParameters {
  readonly kind: ScalerKind;
  /** Subtracted from each column: the minimum, or the mean. */
  readonly offset: readonly number[];
  /** Divisor of each column after that: the range, or the standard deviation; never 0. */
  readonly scale: readonly number[];
}

/** The dtypes of scaled numbers. */
export type ScaledDType = "float32" | "float64";

/**
 * `(value - offset) / scale`, with an offset and a scale for each column. Made by {@link minMax} and {@link zScore} from
 * the training rows; the same one is then used for all others, and is saved beside the model:
 * `JSON.stringify(scaler)`, and `Scaler.fromJSON(JSON.parse(text))`.
 *
 * A column is an index of the last axis; a vector is one column. Numbers are computed as doubles.
 */
export class Scaler implements ScalerParameters {
  readonly kind: ScalerKind;
  readonly offset: readonly number[];
  readonly scale: readonly number[];

  /** @internal */
  constructor({ kind, offset, scale }: ScalerParameters) {
    this.kind = kind;
    this.offset = Object.freeze([...offset]);
    this.scale = Object.freeze([...scale]);
  }

  /**
   * Makes the scaler that {@link Scaler.toJSON} describes.
   *
   * @throws SavedModelError `INVALID_ARGUMENT` for anything else
   */
  static fromJSON(json: unknown): Scaler {
    return withCallerStack(Scaler.fromJSON, () => {
      if (isScalerParameters(json)) return new Scaler(json);
      throw new SavedModelError("INVALID_ARGUMENT", "Scaler.fromJSON() takes the result of a scaler's toJSON()");
    });
  }

  /**
   * Scales rows. The shape stays.
   *
   * @param numbers with as many columns as the scaler was fitted to; a single row is `[row]`
   * @param dtype of the result; default: `float32`
   * @throws SavedModelError `INVALID_SHAPE` for another number of columns; `OUT_OF_RANGE` for NaN and infinities;
   * `INVALID_DTYPE`
   */
  transform<D extends ScaledDType = "float32">(numbers: Numbers, dtype?: D): Tensor<D> {
    return withCallerStack(Scaler.prototype.transform, () =>
      this.#map("transform()", numbers, dtype, (value, offset, scale) => (value - offset) / scale),
    );
  }

  /** Reverts {@link Scaler.transform}, for example for predictions of a model, with the same parameters and errors. */
  inverse<D extends ScaledDType = "float32">(numbers: Numbers, dtype?: D): Tensor<D> {
    return withCallerStack(Scaler.prototype.inverse, () =>
      this.#map("inverse()", numbers, dtype, (value, offset, scale) => value * scale + offset),
    );
  }

  /** Returns the parameters, for `JSON.stringify`. */
  toJSON(): ScalerParameters {
    return { kind: this.kind, offset: this.offset, scale: this.scale };
  }

  #map<D extends ScaledDType>(
    call: string,
    numbers: Numbers,
    // The default of the type parameter is the default of the value.
    dtype: D = "float32" as D,
    compute: (value: number, offset: number, scale: number) => number,
  ): Tensor<D> {
    if (!["float32", "float64"].includes(dtype)) {
      throw new SavedModelError("INVALID_DTYPE", `${call}: the dtype must be float32 or float64`);
    }
    const { values, shape, columns } = doublesOf(call, numbers);
    const { offset, scale } = this;
    if (columns !== offset.length) {
      const wanted = `expected ${countOf(offset.length)}, as the scaler was fitted to`;
      throw new SavedModelError("INVALID_SHAPE", `${call}: ${formatShape(shape)} has ${countOf(columns)}; ${wanted}`);
    }
    const scaled = values.map((value, index) => {
      const column = index % columns;
      return compute(value, offset[column] ?? 0, scale[column] ?? 1);
    });
    const where = (index: number): string => `${call}: the result at ${positionOf(index, shape)}`;
    const infinite = scaled.findIndex((value) => !Number.isFinite(value));
    if (infinite !== -1) throw new SavedModelError("OUT_OF_RANGE", `${where(infinite)} is not finite`);
    return Tensor.own(dtype, shape, convertNumbers(scaled, dtype, where));
  }
}

/**
 * Makes a scaler to the range from 0 to 1, for each column. A constant column becomes 0.
 *
 * @param numbers the training rows, finite
 * @throws SavedModelError `INVALID_SIZE` without rows; `OUT_OF_RANGE` for NaN, for infinities, and for numbers so far
 * apart that their range is infinite; `INVALID_DTYPE`; `INVALID_RANK`
 */
export function minMax(numbers: Numbers): Scaler {
  return withCallerStack(minMax, () => {
    const columns = columnsOf("minMax()", numbers);
    const offset = columns.map(({ min }) => min);
    return fitted("minMax", offset, columns, ({ min, max }) => max - min);
  });
}

/**
 * Makes a scaler to a mean of 0 and a standard deviation of 1 (that of the population, divided by the number of rows),
 * for each column. A constant column becomes 0.
 *
 * @param numbers the training rows, finite
 * @throws SavedModelError as {@link minMax} does
 */
export function zScore(numbers: Numbers): Scaler {
  return withCallerStack(zScore, () => {
    const columns = columnsOf("zScore()", numbers);
    const offset = columns.map(meanOf);
    return fitted("zScore", offset, columns, ({ values, min, max }, mean) => {
      // In parts of the largest, whose squares neither overflow nor vanish.
      const largest = Math.max(max - mean, mean - min);
      let sum = 0;
      for (const value of values) sum += ((value - mean) / largest) ** 2;
      return largest * Math.sqrt(sum / values.length);
    });
  });
}

interface ColumnNumbers {
  readonly values: Float64Array;
  readonly min: number;
  readonly max: number;
}

function columnsOf(call: string, numbers: Numbers): readonly ColumnNumbers[] {
  const { values, shape, columns } = doublesOf(call, numbers);
  if (values.length === 0) throw new SavedModelError("INVALID_SIZE", `${call}: ${formatShape(shape)} has no numbers`);
  return Array.from({ length: columns }, (_, column) => {
    const own = new Float64Array(values.length / columns);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < own.length; row++) {
      const value = values[row * columns + column] ?? 0;
      own[row] = value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    return { values: own, min, max };
  });
}

/** Returns the mean, corrected by the mean of the residuals: the first sum has rounded. */
function meanOf({ values, min, max }: ColumnNumbers): number {
  if (min === max) return min;
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let rest = 0;
  for (const value of values) rest += value - mean;
  return mean + rest / values.length;
}

function fitted(
  kind: ScalerKind,
  offset: readonly number[],
  columns: readonly ColumnNumbers[],
  scaleOf: (column: ColumnNumbers, offset: number) => number,
): Scaler {
  const scale = columns.map((column, index) => {
    // Compared as they are: of a constant, the deviation may have rounded to a tiny number, and would scale noise up.
    if (column.min === column.max) return 1;
    const scale = scaleOf(column, itemAt(offset, index));
    if (Number.isFinite(scale) && scale > 0) return scale;
    throw new SavedModelError("OUT_OF_RANGE", `${kind}(): the numbers of column ${index} are too far apart`);
  });
  return new Scaler({ kind, offset, scale });
}

function isScalerParameters(json: unknown): json is ScalerParameters {
  if (typeof json !== "object" || json === null) return false;
  const { kind, offset, scale } = json as Readonly<Record<string, unknown>>;
  if (kind !== "minMax" && kind !== "zScore") return false;
  if (!isFiniteList(offset) || !isFiniteList(scale)) return false;
  return offset.length > 0 && offset.length === scale.length && scale.every((value) => value > 0);
}

function isFiniteList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}

function countOf(columns: number): string {
  return columns === 1 ? "1 column" : `${columns} columns`;
}

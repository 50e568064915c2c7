import { SavedModelError } from "../../base/errors.js";
import { countOf, quote } from "../../base/text.js";
import { isComposite } from "../../call/composite-call.js";
import { ExampleEncoder } from "../../call/example-input.js";
import { type CallInput, tooManyInputs } from "../../call/signature-call.js";
import { stageTensor } from "../../tensor/check-tensor.js";
import { missingInputs, nameInput, specOf, stage } from "../../tensor/check-value.js";
import { allocate, type DTypeInfo, dtypeInfo, isDType, slotsOf } from "../../tensor/dtype.js";
import { elementCount } from "../../tensor/shape.js";
import { type Elements, Tensor } from "../../tensor/tensor.js";
import { compositeColumn } from "./composite-columns.js";

/** Takes the value of one input for a batch: rows `from` to `to` of `order`, or as they are. */
type Take = (step: number, from: number, to: number, order: Uint32Array | undefined) => unknown;

/** All rows of a training, from which batches are taken. */
export interface Rows {
  readonly count: number;
  /** The leading dimension that the signature fixes, if it does. */
  readonly fixedBatch: number | undefined;
  /**
   * Returns the arguments of a call with the rows `from` to `to`. They are valid until the next batch.
   *
   * @param order order of the rows; by default their own
   */
  batch(step: number, from: number, to: number, order?: Uint32Array): readonly unknown[];
}

/**
 * Checks the columns of a training, once for all epochs.
 *
 * @throws SavedModelError `INVALID_DATA` without rows, or for columns with different numbers of rows; the codes of a
 * call's inputs
 */
export function prepareRows(name: string, inputs: readonly CallInput[], columns: readonly unknown[]): Rows {
  if (columns.length > inputs.length) {
    const { code, rawMessage } = tooManyInputs(name, inputs, columns);
    const advice = inputs.length === 1 ? ": pass [x] instead of x" : "";
    throw new SavedModelError(code, rawMessage, { fix: `Data is an array of columns, one for each input${advice}.` });
  }
  const counts = new Map<string, number>();
  const fixed = new Map<string, number>();
  const values = inputs.map((input, index): Take => {
    const column = columns[index];
    if (typeof column === "function") return (step) => column(step);
    if (column === undefined && input.optional === true) return () => undefined;
    if (column === undefined) throw missingColumns(name, inputs, columns);
    if (input.shape?.length === 0) return () => column;
    const { count, take } = prepareColumn(name, input, column);
    counts.set(nameInput(input), count);
    const size = input.shape?.[0] ?? null;
    if (size !== null) fixed.set(nameInput(input), size);
    return take;
  });
  return {
    count: agreed(name, counts),
    fixedBatch: fixed.size === 0 ? undefined : agreed(name, fixed, " per batch"),
    batch: (step, from, to, order) => values.map((take) => take(step, from, to, order)),
  };
}

function missingColumns(name: string, inputs: readonly CallInput[], columns: readonly unknown[]): SavedModelError {
  const missing = inputs.filter((input, place) => columns[place] === undefined && input.optional !== true);
  return missingInputs(
    missing.flatMap(specOf).map((spec) => ({ ...spec, role: "column" })),
    name,
  );
}

/** The number that all inputs agree on. */
function agreed(name: string, counts: ReadonlyMap<string, number>, unit = ""): number {
  const [first] = counts;
  if (first === undefined) throw new SavedModelError("INVALID_DATA", `${name}: no input has rows to train with`);
  const [input, count] = first;
  for (const [other, different] of counts) {
    if (different === count) continue;
    throw new SavedModelError(
      "INVALID_DATA",
      `${name}: input ${input} has ${countOf(count, "row")}${unit}, input ${other} ${different}`,
    );
  }
  if (count === 0) throw new SavedModelError("INVALID_DATA", `${name}: there are no rows`);
  return count;
}

interface PreparedColumn {
  readonly count: number;
  readonly take: Take;
}

/**
 * Splits ragged and sparse values into components and serializes objects as `tf.Example`s: once, not with each batch.
 */
function prepareColumn(name: string, input: CallInput, column: unknown): PreparedColumn {
  if (isComposite(input)) {
    const { count, take } = compositeColumn(name, input, column);
    return { count, take: (_, from, to, order) => take(rowsBetween(from, to, order)) };
  }
  const { dtype, shape, key, argument, features } = input;
  if (!isDType(dtype))
    throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${name}: ${quote(key)} is of dtype ${dtype}`);
  const spec = { key, argument, dtype: dtypeInfo(dtype), shape: shape && [null, ...shape.slice(1)], role: "column" };
  const { shape: whole, elements } = Tensor.is(column)
    ? stageTensor(column, spec, name)
    : stage(features === undefined ? column : new ExampleEncoder(input, features).encode(column, name), spec, name);
  const [count = 0, ...row] = whole;
  return { count, take: numberRows(spec.dtype, row, elements) };
}

function rowsBetween(from: number, to: number, order: Uint32Array | undefined): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => order?.[from + index] ?? from + index);
}

/** Rows of equal size. In their own order they are fed from where they are; in another they are gathered in one array. */
function numberRows({ name }: DTypeInfo, row: readonly number[], elements: Elements): Take {
  const shapes = new Map<number, readonly number[]>();
  const shapeOf = (count: number): readonly number[] => {
    const shape = shapes.get(count) ?? Object.freeze([count, ...row]);
    shapes.set(count, shape);
    return shape;
  };
  const perRow = elementCount(row);
  if (name === "string" || !ArrayBuffer.isView(elements)) {
    const strings = elements as readonly Uint8Array[];
    return (_, from, to, order) => {
      const rows =
        order === undefined
          ? strings.slice(from * perRow, to * perRow)
          : Array.from(order.subarray(from, to)).flatMap((at) => strings.slice(at * perRow, (at + 1) * perRow));
      return Tensor.own(name, shapeOf(to - from), rows);
    };
  }
  // One dtype has one kind of array; the compiler sees a union of all.
  const source = elements as Float32Array<ArrayBuffer>;
  const size = perRow * slotsOf(name);
  let target = allocate(name, 0) as Float32Array<ArrayBuffer>;
  return (_, from, to, order) => {
    const count = to - from;
    if (order === undefined) return Tensor.own(name, shapeOf(count), source.subarray(from * size, to * size));
    if (target.length !== count * size) target = allocate(name, count * perRow) as Float32Array<ArrayBuffer>;
    for (let index = 0; index < count; index++)
      copyRow(source, (order[from + index] ?? 0) * size, target, index * size, size);
    return Tensor.own(name, shapeOf(count), target);
  };
}

/** From this size on, a view and a copy of it are faster than a loop. */
const LONG_ROW = 32;

function copyRow(source: Float32Array, start: number, target: Float32Array, at: number, size: number): void {
  if (size >= LONG_ROW) target.set(source.subarray(start, start + size), at);
  else for (let index = 0; index < size; index++) target[at + index] = source[start + index] ?? 0;
}

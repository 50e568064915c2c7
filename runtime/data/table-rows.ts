import { itemAt } from "../base/item-at.js";
import type { AnyTypedArray } from "../tensor/dtype.js";
import { type Elements, Tensor } from "../tensor/tensor.js";

/** Values of one input, one for each row. */
export type DataColumn = Tensor | ArrayBufferView | readonly unknown[];

/** The same column with another number of rows. */
export type RowsOf<C> =
  C extends Tensor<infer D, infer S>
    ? Tensor<D, S extends readonly [number, ...infer Rest extends readonly number[]] ? [number, ...Rest] : S>
    : C extends readonly (infer E)[]
      ? readonly E[]
      : C;

/** Returns the number of rows of a column; undefined for any other value. */
export function rowCount(column: unknown): number | undefined {
  if (Tensor.is(column)) return column.shape[0];
  if (Array.isArray(column)) return column.length;
  return ArrayBuffer.isView(column) && !(column instanceof DataView) ? (column as AnyTypedArray).length : undefined;
}

/** Returns some rows of a column, in this order: a tensor of a tensor, a typed array of a typed array. */
export function takeRows(column: DataColumn, rows: Uint32Array): DataColumn {
  if (Tensor.is(column)) {
    const count = itemAt(column.shape, 0);
    const elements = Tensor.elementsOf(column);
    return Tensor.own(
      column.dtype,
      [rows.length, ...column.shape.slice(1)],
      takeElements(elements, elements.length / count, rows),
    );
  }
  if (ArrayBuffer.isView(column)) return takeElements(column as AnyTypedArray, 1, rows) as AnyTypedArray;
  return Array.from(rows, (row) => column[row]);
}

function takeElements(elements: Elements, width: number, rows: Uint32Array): Elements {
  if (!ArrayBuffer.isView(elements)) {
    return Array.from(rows).flatMap((row) => elements.slice(row * width, (row + 1) * width));
  }
  // One kind of array in, the same out; the compiler sees a union of all. Not `species`: of a Buffer it is a part of a pool.
  const source = elements as Float64Array<ArrayBuffer>;
  const target = new (arrayOf(source))(rows.length * width);
  for (let index = 0; index < rows.length; index++) {
    const start = (rows[index] ?? 0) * width;
    if (width === 1) target[index] = source[start] ?? 0;
    else target.set(source.subarray(start, start + width), index * width);
  }
  return target;
}

/** Returns the constructor of a typed array; for a Buffer, that of its bytes. */
function arrayOf(elements: Float64Array<ArrayBuffer>): typeof Float64Array {
  const bytes: unknown = elements;
  return (bytes instanceof Buffer ? Uint8Array : elements.constructor) as typeof Float64Array;
}

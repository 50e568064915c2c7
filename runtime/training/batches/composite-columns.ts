import { itemAt } from "../../base/item-at.js";
import { joinComposite, splitComposite } from "../../call/composite-call.js";
import { gather } from "../../tensor/gather.js";
import { RaggedTensor } from "../../tensor/ragged-tensor.js";
import { elementCount } from "../../tensor/shape.js";
import { SparseTensor } from "../../tensor/sparse-tensor.js";
import { Tensor } from "../../tensor/tensor.js";

/** A ragged or sparse tensor of which rows are taken. */
export interface CompositeColumn {
  readonly count: number;
  take(rows: readonly number[]): RaggedTensor | SparseTensor;
}

/**
 * Checks the column of a ragged or sparse input, once for all batches.
 *
 * @throws SavedModelError the codes of a call's inputs
 */
export function compositeColumn(
  name: string,
  input: Parameters<typeof splitComposite>[1],
  value: unknown,
): CompositeColumn {
  const whole = { ...input, shape: input.shape && [null, ...input.shape.slice(1)] };
  const column = joinComposite(whole, splitComposite(value, whole, name, "column"));
  const [count] = column.shape;
  return {
    count: count ?? 0,
    take: (rows) => (column instanceof RaggedTensor ? raggedRows(column, rows) : sparseRows(column, rows)),
  };
}

/** Returns some rows of a ragged tensor. */
export function raggedRows({ dtype, values, rowSplits }: RaggedTensor, rows: readonly number[]): RaggedTensor {
  let taken = rows;
  const splits = rowSplits.map((ends) => {
    const below: number[] = [];
    const own = [0];
    for (const row of taken) {
      for (let item = itemAt(ends, row); item < itemAt(ends, row + 1); item++) below.push(item);
      own.push(below.length);
    }
    taken = below;
    return own;
  });
  const [, ...item] = values.shape;
  const width = elementCount(item);
  const places =
    width === 1 ? taken : taken.flatMap((row) => Array.from({ length: width }, (_, index) => row * width + index));
  const elements = gather(dtype, Tensor.elementsOf(values), places);
  return RaggedTensor.own(Tensor.own(dtype, [taken.length, ...item], elements), splits);
}

/**
 * Returns some rows of a sparse tensor. The values are in row-major order, so that those of a row stand side by side.
 */
export function sparseRows({ dtype, indices, values, shape }: SparseTensor, rows: readonly number[]): SparseTensor {
  const source = indices.data;
  const rank = shape.length;
  const places: number[] = [];
  const own: bigint[] = [];
  for (const [index, row] of rows.entries()) {
    for (let place = firstPlace(source, rank, row); source[place * rank] === BigInt(row); place++) {
      places.push(place);
      own.push(BigInt(index), ...source.subarray(place * rank + 1, (place + 1) * rank));
    }
  }
  const count = places.length;
  return SparseTensor.own(
    Tensor.own("int64", [count, rank], BigInt64Array.from(own)),
    Tensor.own(dtype, [count], gather(dtype, Tensor.elementsOf(values), places)),
    [rows.length, ...shape.slice(1)],
  );
}

/** Returns the first value at or below a row, by binary search. */
function firstPlace(indices: BigInt64Array, rank: number, row: number): number {
  let low = 0;
  let high = indices.length / rank;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((indices[middle * rank] ?? 0n) < BigInt(row)) low = middle + 1;
    else high = middle;
  }
  return low;
}

import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import { type AnyTypedArray, allocate, slotsOf } from "../../tensor/dtype.js";
import { RaggedTensor } from "../../tensor/ragged-tensor.js";
import { elementCount } from "../../tensor/shape.js";
import { SparseTensor } from "../../tensor/sparse-tensor.js";
import { type Elements, Tensor } from "../../tensor/tensor.js";
import type { AnyTensor } from "../../tensor/types.js";
import type { Batch } from "./batches.js";
import { raggedRows, sparseRows } from "./composite-columns.js";

/** Joins the rows of a result, batch after batch, in one tensor. */
export class JoinedRows {
  readonly #name: string;
  readonly #expected: number | undefined;
  #dense: DenseRows | undefined;
  #composite: (RaggedTensor | SparseTensor)[] = [];

  /**
   * @param name of the output, for messages
   * @param expected the expected number of rows, where it is known
   */
  constructor(name: string, expected: number | undefined) {
    this.#name = name;
    this.#expected = expected;
  }

  get isEmpty(): boolean {
    return this.#dense === undefined && this.#composite.length === 0;
  }

  /**
   * Adds the results of a batch, without those of the rows that filled it up.
   *
   * @throws SavedModelError `INVALID_RESULT` when it does not have a row for each of the batch, or has rows of another
   * shape
   */
  add(result: AnyTensor | undefined, { rows, filled, isCounted }: Batch): void {
    if (result === undefined) throw new TypeError(`${this.#name} is missing`);
    const [found] = result.shape;
    if (isCounted && found !== rows + filled) {
      throw new SavedModelError("INVALID_RESULT", `${this.#name}: expected ${rows + filled} rows, got ${result}`);
    }
    const count = isCounted ? rows : (found ?? 0);
    if (!Tensor.is(result)) {
      const taken = Array.from({ length: count }, (_, row) => row);
      this.#composite.push(result instanceof RaggedTensor ? raggedRows(result, taken) : sparseRows(result, taken));
      return;
    }
    this.#dense ??= new DenseRows(result, this.#expected ?? count);
    if (this.#dense.add(result, count)) return;
    const [before, now] = [this.#dense.row, result.shape.slice(1)].map((row) => `[?, ${row.join(", ")}]`);
    throw new SavedModelError(
      "INVALID_RESULT",
      `${this.#name}: expected ${before} as of the batches before, got ${now}`,
      {
        fix: "Rows of different shapes do not fit in one tensor: call the signature for each batch.",
      },
    );
  }

  /** Returns all rows. */
  take(): AnyTensor {
    if (this.#dense !== undefined) return this.#dense.take();
    const [first] = this.#composite;
    if (first instanceof RaggedTensor) return joinRagged(this.#composite as RaggedTensor[]);
    return joinSparse(this.#name, this.#composite as SparseTensor[]);
  }
}

/** Appends rows of equal size to an array that grows. */
class DenseRows {
  readonly row: readonly number[];
  readonly #dtype: Tensor["dtype"];
  readonly #perRow: number;
  #elements: AnyTypedArray | Uint8Array[];
  #rows = 0;

  constructor({ dtype, shape }: Tensor, capacity: number) {
    this.row = shape.slice(1);
    this.#dtype = dtype;
    this.#perRow = elementCount(this.row);
    this.#elements = dtype === "string" ? [] : allocate(dtype, capacity * this.#perRow);
  }

  /** Adds the first rows of a tensor. Returns false for one whose rows have another shape. */
  add(tensor: Tensor, count: number): boolean {
    const row = tensor.shape.slice(1);
    if (row.length !== this.row.length || row.some((size, axis) => size !== this.row[axis])) return false;
    const added = Tensor.elementsOf(tensor);
    if (!ArrayBuffer.isView(this.#elements)) {
      for (const element of added.slice(0, count * this.#perRow)) this.#elements.push(element as Uint8Array);
    } else {
      const slots = this.#perRow * this.#slots;
      const source = (added as Float32Array).subarray(0, count * slots);
      const start = this.#rows * slots;
      this.#grow(start + source.length);
      // One dtype has one kind of array; the compiler sees a union of all.
      (this.#elements as Float32Array).set(source, start);
    }
    this.#rows += count;
    return true;
  }

  take(): Tensor {
    const length = this.#rows * this.#perRow;
    const isFull = !ArrayBuffer.isView(this.#elements) || this.#elements.length === length * this.#slots;
    const elements = isFull ? this.#elements : this.#elements.slice(0, length * this.#slots);
    return Tensor.own(this.#dtype, [this.#rows, ...this.row], elements as Elements);
  }

  get #slots(): number {
    return this.#dtype === "string" ? 1 : slotsOf(this.#dtype);
  }

  /** The array doubles each time, so that all copies together are no more than the rows. */
  #grow(length: number): void {
    const { length: present } = this.#elements;
    if (length <= present || this.#dtype === "string") return;
    const larger = allocate(this.#dtype, Math.ceil(Math.max(length, 2 * present) / this.#slots)) as Float32Array;
    larger.set(this.#elements as Float32Array);
    this.#elements = larger as AnyTypedArray;
  }
}

function joinRagged(parts: readonly RaggedTensor[]): RaggedTensor {
  const values = new JoinedRows("values", undefined);
  const splits: number[][] = [];
  for (const part of parts) {
    const rows = itemAt(part.values.shape, 0);
    values.add(part.values, { values: [], rows, filled: 0, isCounted: true });
    for (const [axis, ends] of part.rowSplits.entries()) {
      splits[axis] ??= [0];
      const all = splits[axis];
      const start = all.at(-1) ?? 0;
      for (const end of ends.slice(1)) all.push(start + end);
    }
  }
  return RaggedTensor.own(values.take() as Tensor, splits);
}

function joinSparse(name: string, parts: readonly SparseTensor[]): SparseTensor {
  const [values, indices] = [new JoinedRows(name, undefined), new JoinedRows(name, undefined)];
  let rows = 0;
  const size: number[] = [];
  for (const { shape, values: part, indices: places } of parts) {
    const count = itemAt(part.shape, 0);
    const rank = shape.length;
    const moved = places.data.map((place, index) => (index % rank === 0 ? place + BigInt(rows) : place));
    values.add(part, { values: [], rows: count, filled: 0, isCounted: true });
    indices.add(Tensor.own("int64", [count, rank], moved), { values: [], rows: count, filled: 0, isCounted: true });
    rows += itemAt(shape, 0);
    // A dimension that a batch chose by itself is as large as that of the largest.
    for (const [axis, length] of shape.slice(1).entries()) size[axis] = Math.max(size[axis] ?? 0, length);
  }
  return SparseTensor.own(indices.take() as Tensor<"int64">, values.take() as Tensor, [rows, ...size]);
}

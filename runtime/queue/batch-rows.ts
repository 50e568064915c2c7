import { SavedModelError } from "../base/errors.js";
import { itemAt } from "../base/item-at.js";
import type { Staged } from "../call/call.js";
import { allocate, type DTypeInfo } from "../tensor/dtype.js";
import type { Flattened } from "../tensor/flatten.js";
import { elementCount } from "../tensor/shape.js";
import { copyElements, type Elements, Tensor } from "../tensor/tensor.js";

/** The number of rows (the leading dimension) that all inputs of a call have; undefined where they have no such number. */
export function rowsOf(staged: Staged): number | undefined {
  const given = staged.filter((value) => value !== undefined);
  const rows = given[0]?.shape[0];
  return given.every(({ shape }) => shape[0] === rows) ? rows : undefined;
}

/** The same for calls whose rows may be put together: sizes of the other dimensions, and which inputs are omitted. */
export function rowFormOf(staged: Staged): string {
  return JSON.stringify(staged.map((value) => value?.shape.slice(1) ?? null));
}

/** The rows of several calls for one input, one after another. */
export function joinRows(values: readonly (Flattened | undefined)[], dtype: DTypeInfo): Flattened | undefined {
  const given = values.filter((value) => value !== undefined);
  const [first] = given;
  if (first === undefined) return undefined;
  const rows = given.reduce((sum, { shape }) => sum + itemAt(shape, 0), 0);
  const shape = [rows, ...first.shape.slice(1)];
  if (dtype.name === "string") {
    return { shape, elements: given.flatMap(({ elements }) => elements as readonly Uint8Array[]) };
  }
  const elements = allocate(dtype.name, elementCount(shape));
  let offset = 0;
  for (const value of given) {
    // One dtype has one kind of array; the compiler sees a union of all.
    const part = value.elements as Float32Array;
    (elements as Float32Array).set(part, offset);
    offset += part.length;
  }
  return { shape, elements };
}

/**
 * Splits the rows of a result among the calls, by the number of rows of each.
 *
 * @param areCopied for each call, whether its rows are copied to memory of its own anyway
 * @throws SavedModelError `INVALID_RESULT` when the result does not have a row for each of theirs
 */
export function splitRows(
  result: Tensor,
  rows: readonly number[],
  call: string,
  areCopied: readonly boolean[] = [],
): readonly Tensor[] {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (result.shape[0] !== total) {
    throw new SavedModelError("INVALID_RESULT", `${call}: expected a result of ${total} rows, got ${result}`);
  }
  const elements = Tensor.elementsOf(result);
  const perRow = total === 0 ? 0 : elements.length / total;
  let start = 0;
  return rows.map((count, index) => {
    const end = start + count * perRow;
    const isCopied = areCopied[index] === true && ArrayBuffer.isView(elements);
    const part = isCopied ? elements.subarray(start, end) : ofItsOwn(elements.slice(start, end) as Elements);
    start = end;
    return Tensor.own(result.dtype, [count, ...result.shape.slice(1)], part);
  });
}

/** Strings are views of shared memory: a caller that keeps one must neither keep nor see those of others. */
function ofItsOwn(elements: Elements): Elements {
  return ArrayBuffer.isView(elements) ? elements : copyElements(elements);
}

import { itemAt } from "../base/item-at.js";
import { stageTensor } from "./check-tensor.js";
import { describe, type InputSpec, inputError, missingInputs, readError, shapeThatIs, stage } from "./check-value.js";
import { dtypeInfo } from "./dtype.js";
import type { Flattened } from "./flatten.js";
import { gather } from "./gather.js";
import { formatShape, isShape, matchesShape, SHAPE_RULE } from "./shape.js";
import { Tensor } from "./tensor.js";

/** A sparse tensor as TensorFlow has it. */
export interface StagedSparse {
  /** Indices of the values: int64 `[n, rank]`, in row-major order. */
  readonly indices: Tensor;
  /** `[n]` */
  readonly values: Tensor;
  readonly shape: readonly number[];
}

/**
 * Checks the parts of a sparse tensor, and brings them into row-major order, which many operations rely on.
 *
 * @throws SavedModelError the codes of an input; `OUT_OF_RANGE` for an index outside of the shape, or a duplicate index
 */
export function stageSparse(value: unknown, spec: InputSpec, call: string): StagedSparse {
  try {
    return stageParts(value, spec, call);
  } catch (cause) {
    throw readError(cause, spec, call);
  }
}

function stageParts(value: unknown, spec: InputSpec, call: string): StagedSparse {
  if (value === undefined) throw missingInputs([spec], call);
  if (typeof value !== "object" || value === null || !("indices" in value && "values" in value && "shape" in value)) {
    throw inputError(
      "INVALID_DTYPE",
      spec,
      call,
      describe(value),
      "Pass a SparseTensor, or its { indices, values, shape }.",
    );
  }
  const { shape } = value;
  if (!isShape(shape)) {
    const got = `${Array.isArray(shape) ? formatList(shape) : describe(shape)} for its shape`;
    throw inputError("INVALID_SHAPE", spec, call, got, `${SHAPE_RULE.replace("a", "A")}.`);
  }
  if (!matchesShape(shape, spec.shape)) {
    const code = shape.length === spec.shape?.length ? "INVALID_SHAPE" : "INVALID_RANK";
    throw inputError(code, spec, call, shapeThatIs(shape));
  }
  const rank = shape.length;
  const ofInput = spec.role ?? "input";
  const { key, argument } = spec;
  const int64 = { key, argument, dtype: dtypeInfo("int64"), shape: [null, rank], role: `indices of ${ofInput}` };
  const indices = stageAny(value.indices, int64, call);
  const places = indices.elements as BigInt64Array<ArrayBuffer>;
  const count = itemAt(indices.shape, 0);
  const values = stageAny(value.values, { ...spec, shape: [null], role: `values of ${ofInput}` }, call);
  if (values.shape[0] !== count) {
    throw inputError("INVALID_SHAPE", spec, call, `${count} indices for ${values.shape[0]} values`);
  }
  checkPlaces(places, shape, spec, call);
  return sorted(places, values, shape, spec, call);
}

/** More items than a person would read. */
const SHOWN_ITEMS = 16;

function formatList(items: readonly unknown[]): string {
  const more = items.length > SHOWN_ITEMS ? `, … (${items.length} of them)` : "";
  return `[${items.slice(0, SHOWN_ITEMS).map(describe).join(", ")}${more}]`;
}

function stageAny(value: unknown, spec: InputSpec, call: string): Flattened {
  return Tensor.is(value) ? stageTensor(value, spec, call) : stage(value, spec, call);
}

function checkPlaces(places: BigInt64Array, shape: readonly number[], spec: InputSpec, call: string): void {
  for (let at = 0; at < places.length; at++) {
    const index = places[at] ?? 0n;
    if (index < 0n || index >= BigInt(shape[at % shape.length] ?? 0)) {
      const whole = placeAt(places, Math.floor(at / shape.length), shape.length);
      throw inputError(
        "OUT_OF_RANGE",
        spec,
        call,
        `the index [${whole.join(", ")}] in a tensor of shape ${formatShape(shape)}`,
      );
    }
  }
}

function sorted(
  places: BigInt64Array<ArrayBuffer>,
  values: Flattened,
  shape: readonly number[],
  spec: InputSpec,
  call: string,
): StagedSparse {
  const rank = shape.length;
  const count = itemAt(values.shape, 0);
  const order = Array.from({ length: count }, (_, index) => index);
  const compare = (a: number, b: number): number => {
    for (let axis = 0; axis < rank; axis++) {
      const [left, right] = [itemAt(places, a * rank + axis), itemAt(places, b * rank + axis)];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  };
  const isSorted = order.every((index) => index === 0 || compare(index - 1, index) <= 0);
  if (!isSorted) order.sort(compare);
  const twice = order.find((index, at) => at > 0 && compare(itemAt(order, at - 1), index) === 0);
  if (twice !== undefined) {
    throw inputError("OUT_OF_RANGE", spec, call, `the index [${placeAt(places, twice, rank).join(", ")}] twice`);
  }
  const elements = isSorted ? values.elements : gather(spec.dtype.name, values.elements, order);
  const rows = isSorted ? [] : order.flatMap((index) => [...placeAt(places, index, rank)]);
  return {
    indices: Tensor.own("int64", [count, rank], isSorted ? places : BigInt64Array.from(rows)),
    values: Tensor.own(spec.dtype.name, [count], elements),
    shape,
  };
}

function placeAt(places: BigInt64Array, index: number, rank: number): BigInt64Array {
  return places.subarray(index * rank, (index + 1) * rank);
}

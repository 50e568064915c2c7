import type { ShapeSpec } from "../tensor/shape.js";
import type { ComponentInfo, TensorInfo } from "./signature-info.js";

/** Sparse or ragged tensor as a type. */
export interface CompositeType {
  readonly encoding: "sparse" | "ragged";
  readonly dtype: string;
  readonly shape: ShapeSpec;
  /** Number of dense tensors that it is made of. */
  readonly count: number;
}

/** The components of a value of this type: their roles and shapes, and the dtypes that do not vary. */
export function componentsOf({ encoding, dtype, shape, count }: CompositeType): readonly ComponentInfo[] {
  if (encoding === "sparse") {
    const rank = shape?.length ?? null;
    return [
      { role: "indices", dtype: "int64", shape: [null, rank] },
      { role: "values", dtype, shape: [null] },
      { role: "dense_shape", dtype: "int64", shape: [rank] },
    ];
  }
  const splits = Array.from(
    { length: count - 1 },
    () => ({ role: "row_splits", dtype: "int64", shape: [null] }) as const,
  );
  return [{ role: "flat_values", dtype, shape: shape && [null, ...shape.slice(count)] }, ...splits];
}

/** The inputs of the file that an argument is made of; the argument itself where it is one of them. */
export function looseInputs(input: TensorInfo): readonly TensorInfo[] {
  const { key: name, argument = name, optional, components = [] } = input;
  const parts = components.flatMap(({ role: _, key, ...part }) =>
    key === undefined ? [] : [{ ...part, key, argument, ...(optional === true ? { optional } : {}) }],
  );
  return parts.length === 0 ? [input] : parts;
}

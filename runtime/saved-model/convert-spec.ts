import { type DType, isDType } from "../tensor/dtype.js";
import { componentsOf } from "./composite-spec.js";
import type { TensorSpec } from "./model-spec.js";
import type { TensorInfo } from "./signature-info.js";

// Conversions between what a model has (`…Info`) and what a client expects (`…Spec`).

/** Returns what a client expects of an input or output that a model has, in a signature that can be called. */
export function specOfInfo({ encoding, components = [], ...tensor }: TensorInfo): TensorSpec {
  const { key, argument, dtype, shape, optional } = tensor;
  const parts = components.flatMap((part) =>
    part.key === undefined ? [] : [{ key: part.key, dtype: carried(part.dtype), shape: part.shape }],
  );
  return {
    key,
    ...(argument !== undefined && { argument }),
    dtype: carried(dtype),
    shape,
    ...(optional && { optional }),
    ...((encoding === "sparse" || encoding === "ragged") && { encoding }),
    ...(encoding === "ragged" && { raggedRank: components.length - 1 }),
    ...(parts.length > 0 && { parts }),
  };
}

/** Returns what a model has where a client expects this input: several, where an argument is made of parts. */
export function infosOfSpec(input: TensorSpec): readonly TensorInfo[] {
  const { parts, key, argument = key } = input;
  return parts === undefined ? [infoOfSpec(input)] : parts.map((part) => ({ ...infoOfSpec(part), argument }));
}

/** Returns what a model has where a client expects this tensor. */
export function infoOfSpec(spec: TensorSpec): TensorInfo {
  const { key, argument, dtype, shape, optional, encoding, raggedRank = 1, bytes } = spec;
  const tensor = {
    key,
    ...(argument === undefined ? {} : { argument }),
    dtype,
    shape,
    ...(bytes === true ? { bytes } : {}),
    ...(optional === true ? { optional } : {}),
  };
  if (encoding === undefined) return tensor;
  return { ...tensor, encoding, components: componentsOf({ encoding, dtype, shape, count: 1 + raggedRank }) };
}

/** A dtype of a signature that can be called, and so one whose values this package carries. */
export function carried(dtype: string): DType {
  if (isDType(dtype)) return dtype;
  throw new TypeError(`unknown dtype ${dtype}`);
}

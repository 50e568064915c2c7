import { type DType, isDType } from "../tensor/dtype.js";
import { componentsOf } from "./components.js";
import type { TensorSpec } from "./model-spec.js";
import type { TensorInfo } from "./signature-info.js";

// Conversions between inputs and outputs of a model (`…Info`) and those that a client expects (`…Spec`).

/** Returns the client's description of an input or output of a model, in a signature that can be called. */
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

/** Returns the model's inputs for an input of a client: several, where an argument is made of parts. */
export function infosOfSpec(input: TensorSpec): readonly TensorInfo[] {
  const { parts, key, argument = key } = input;
  return parts === undefined ? [infoOfSpec(input)] : parts.map((part) => ({ ...infoOfSpec(part), argument }));
}

/** Returns the model's description for a tensor of a client. */
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

/** Returns a dtype of a signature that can be called, and so one that this package supports. */
export function carried(dtype: string): DType {
  if (isDType(dtype)) return dtype;
  throw new TypeError(`unknown dtype ${dtype}`);
}

import { type AnyTypedArray, allocate, type NumericDType } from "../tensor/dtype.js";
import type { Scratch } from "../tensor/flatten.js";

/** An array of more elements is allocated for each call, and not kept. */
const MAX_SCRATCH = 2 ** 16;

/** An array to flatten nested arrays into, kept from call to call while the size stays. */
export function keepScratch(dtype: NumericDType): Scratch {
  let kept: AnyTypedArray | undefined;
  let keptCount = -1;
  return (count) => {
    if (count > MAX_SCRATCH) return undefined;
    // Not the length of the array: a complex element takes two places.
    if (keptCount !== count) {
      kept = allocate(dtype, count);
      keptCount = count;
    }
    return kept;
  };
}

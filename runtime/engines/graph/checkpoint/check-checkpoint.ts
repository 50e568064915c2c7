import { quote } from "../../../base/text.js";
import { dtypeName } from "../../../tensor/dtype.js";
import { formatShape, matchesShape } from "../../../tensor/shape.js";
import type { CheckpointReader } from "./checkpoint-reader.js";
import type { Keys } from "./match-keys.js";
import type { RestoredTensor } from "./restored-tensors.js";

/** Maximum number of problems in a message. */
const SHOWN = 3;

/**
 * Compares the tensors of a checkpoint with those that a model restores. TensorFlow does not: it lets a variable have
 * any shape.
 *
 * @param keys the checkpoint's keys, where they differ from the model's
 * @returns the problems, in words; none if it fits
 */
export function differences(
  tensors: readonly RestoredTensor[],
  reader: CheckpointReader,
  keys: Keys | undefined,
): readonly string[] {
  const found = tensors.flatMap((tensor): readonly string[] => {
    const key = keys?.get(tensor.key) ?? tensor.key;
    const actual = reader.describe(key);
    if (actual === undefined) return [`it lacks ${quote(key)}`];
    const isSame = actual.dtype === tensor.dtype && (tensor.slice !== "" || matchesShape(actual.shape, tensor.shape));
    if (isSame) return [];
    const is = `${dtypeName(actual.dtype)} ${formatShape(actual.shape)}`;
    return [`${quote(key)} is ${is}, the model's is ${dtypeName(tensor.dtype)} ${formatShape(tensor.shape)}`];
  });
  if (found.length <= SHOWN) return found;
  return [...found.slice(0, SHOWN), `and ${found.length - SHOWN} more differences`];
}

import type { Steps } from "../../../base/steps.js";
import type { GraphSession } from "../graph-session.js";
import { copyTensors } from "./copy-tensors.js";
import type { Keys } from "./match-keys.js";
import type { RestoredTensor } from "./restored-tensors.js";

/**
 * Writes a checkpoint again under the keys that a model restores: those are constants of its graph.
 *
 * @param tensors the tensors that the model restores
 */
export function renameKeys(
  session: GraphSession,
  tensors: readonly RestoredTensor[],
  keys: Keys,
  from: string,
  to: string,
): Steps<void> {
  const copies = tensors.map(({ key, dtype }) => ({ read: keys.get(key) ?? key, written: key, dtype }));
  return copyTensors(session, copies, from, to);
}

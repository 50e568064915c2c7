import { existsSync } from "node:fs";
import type { Steps } from "../../../base/steps.js";
import { TensorFlowError } from "../../../base/tensorflow-error.js";
import { copyTensors } from "../../graph/checkpoint/copy-tensors.js";
import type { GraphSession } from "../../graph/graph-session.js";

/** Path prefixes of checkpoints. */
export interface Checkpoints {
  /** The current one of the model. */
  readonly old: string;
  /** The new one, with the variables of the session. */
  readonly own: string;
  /** To be written, with the tensors that only the current one has. */
  readonly kept: string;
}

/**
 * Writes a checkpoint with the tensors of a model that its session does not save: those of its other meta graphs.
 *
 * @param isOnlyGraph a model without another meta graph loses nothing when its current checkpoint cannot be read
 * @returns true if there are any
 * @throws TensorFlowError when the current checkpoint cannot be read
 */
export function* keepOtherTensors(
  session: GraphSession,
  { old, own, kept }: Checkpoints,
  isOnlyGraph: boolean,
): Steps<boolean> {
  if (!existsSync(`${old}.index`)) return false;
  const present = yield* tensorsIn(session, old, isOnlyGraph);
  const saved = yield* tensorsIn(session, own, false);
  const copies = [...present]
    .filter(([key]) => !saved.has(key))
    .map(([key, dtype]) => ({ read: key, written: key, dtype }));
  if (copies.length > 0) yield* copyTensors(session, copies, old, kept);
  return copies.length > 0;
}

/** The dtype of each tensor of a checkpoint by its key. */
function* tensorsIn(session: GraphSession, prefix: string, mayBeBroken: boolean): Steps<ReadonlyMap<string, number>> {
  const dtypes = new Map<string, number>();
  try {
    const reader = yield* session.openCheckpoint(prefix);
    try {
      for (const key of reader.keys) {
        const tensor = reader.describe(key);
        if (tensor !== undefined) dtypes.set(key, tensor.dtype);
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!mayBeBroken || !(error instanceof TensorFlowError)) throw error;
  }
  return dtypes;
}

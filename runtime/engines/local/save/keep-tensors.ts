import { existsSync } from "node:fs";
import { CheckpointReader } from "../../graph/checkpoint/checkpoint-reader.js";
import { copyTensors } from "../../graph/checkpoint/copy-tensors.js";
import type { NativeApi } from "../native/c-api.js";
import { TensorFlowError } from "../native/status.js";
import type { Session } from "../session.js";

/** Path prefixes of checkpoints. */
export interface Checkpoints {
  /** The present one of the model. */
  readonly old: string;
  /** The new one, with the variables of the session. */
  readonly own: string;
  /** To be written, with what only the present one has. */
  readonly kept: string;
}

/**
 * Writes a checkpoint with the tensors of a model that its session does not save: those of its other meta graphs.
 *
 * @param isOnlyGraph a model without another meta graph loses nothing when its present checkpoint cannot be read
 * @returns whether there are any
 * @throws TensorFlowError when the present checkpoint cannot be read
 */
export function keepOtherTensors(session: Session, { old, own, kept }: Checkpoints, isOnlyGraph: boolean): boolean {
  if (!existsSync(`${old}.index`)) return false;
  const [present, saved] = [tensorsIn(session.api, old, isOnlyGraph), tensorsIn(session.api, own, false)];
  const copies = [...present]
    .filter(([key]) => !saved.has(key))
    .map(([key, dtype]) => ({ read: key, written: key, dtype }));
  if (copies.length > 0) copyTensors(session, copies, old, kept);
  return copies.length > 0;
}

/** The dtype of each tensor of a checkpoint by its key. */
function tensorsIn(api: NativeApi, prefix: string, mayBeBroken: boolean): ReadonlyMap<string, number> {
  const dtypes = new Map<string, number>();
  try {
    const reader = new CheckpointReader(api, prefix);
    try {
      for (const key of reader.keys) dtypes.set(key, reader.describe(key)?.dtype ?? 0);
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!mayBeBroken || !(error instanceof TensorFlowError)) throw error;
  }
  return dtypes;
}

import { fit } from "savedmodel";
import { Regression } from "./generated/regression.js";

export interface TrainingRequest {
  readonly rows: readonly (readonly number[])[];
  readonly targets: readonly number[];
  readonly epochs: number;
  readonly learningRate: number;
}

export const trainingSchema: object = {
  type: "object",
  required: ["rows", "targets", "epochs", "learningRate"],
  additionalProperties: false,
  properties: {
    rows: { type: "array", minItems: 1, items: { type: "array", items: { type: "number" } } },
    targets: { type: "array", minItems: 1, items: { type: "number" } },
    epochs: { type: "integer", minimum: 1, maximum: 1000 },
    learningRate: { type: "number", exclusiveMinimum: 0 },
  },
};

/**
 * Trains a copy of the model, so that nobody is answered by a half-trained one, and saves it in place of the model. The
 * folder is replaced as a whole.
 *
 * @returns the loss of the last epoch
 * @throws SavedModelError `INVALID_DATA`, `NOT_FINITE`, and the codes of loading and saving
 */
export async function trainModel(directory: string, request: TrainingRequest): Promise<number | undefined> {
  await using copy = Regression.load(directory);
  const targets = request.targets.map((target) => [target]);
  const history = await fit(copy.train, [request.rows, targets, request.learningRate], {
    epochs: request.epochs,
    batchSize: 32,
    shuffle: { seed: 1 },
    worker: true,
    progress: false,
  });
  copy.save(directory);
  return history.metric("loss").at(-1);
}

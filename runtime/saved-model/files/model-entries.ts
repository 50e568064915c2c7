/** Folder with the state of a training, in a checkpoint of one. A save without that state omits it. */
export const TRAINING_STATE = "savedmodel.training";

/** Names that TensorFlow, TensorFlow Serving and Keras give to the entries of a SavedModel's folder. */
const MODEL_ENTRIES: ReadonlySet<string> = new Set([
  "saved_model.pb",
  "saved_model.pbtxt",
  "saved_model.cpb",
  "variables",
  "assets",
  "assets.extra",
  "debug",
  "fingerprint.pb",
  "keras_metadata.pb",
]);

/** Returns true for an entry of a SavedModel's folder that is part of the model, or of a training's checkpoint. */
export function isModelEntry(name: string): boolean {
  return MODEL_ENTRIES.has(name) || name === TRAINING_STATE;
}

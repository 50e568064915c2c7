/** The folder with the state of a training, in a checkpoint of one. A save without that state leaves it out. */
export const TRAINING_STATE = "savedmodel.training";

/** The names that TensorFlow, TensorFlow Serving and Keras give to what is in the folder of a SavedModel. */
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

/** Tells whether an entry of a SavedModel's folder is part of the model, or of a training's checkpoint. */
export function isModelEntry(name: string): boolean {
  return MODEL_ENTRIES.has(name) || name === TRAINING_STATE;
}

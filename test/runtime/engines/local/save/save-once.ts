/**
 * Trains a model and saves it over its own folder, and as a checkpoint beside it; prints the code of each error.
 *
 *     save-once.ts FOLDER
 */
import { Model, SavedModelError } from "../../../../../runtime/index.js";
import { trainStep } from "../../../training/training-step.js";

const [folder = ""] = process.argv.slice(2);
const model = Model.load(folder);
trainStep(model);
for (const save of [() => model.save(folder), () => model.saveWeights(`${folder}.weights`)]) {
  try {
    save();
    console.log("saved");
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    console.log(error.code, error.cause instanceof Error);
  }
}

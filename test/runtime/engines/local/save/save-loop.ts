/**
 * Trains and saves a model over its own folder until it is killed.
 *
 *     save-loop.ts FOLDER
 */
import { Model } from "../../../../../runtime/index.js";
import { trainStep } from "../../../training/training-step.js";

const [folder = ""] = process.argv.slice(2);
const model = Model.load(folder);
for (let step = 0; ; step++) {
  trainStep(model);
  model.save(folder);
  if (step === 0) console.log("saved");
}

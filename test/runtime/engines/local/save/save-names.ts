/**
 * Saves a model to one new folder after the other, and as many checkpoints, until it is killed.
 *
 *     save-names.ts MODEL PREFIX
 */
import { Model } from "../../../../../runtime/index.js";
import { trainStep } from "../../../training/training-step.js";

const [source = "", prefix = ""] = process.argv.slice(2);
const model = Model.load(source);
for (let step = 0; ; step++) {
  trainStep(model);
  model.save(`${prefix}-${step}`);
  model.saveWeights(`${prefix}-weights-${step}`);
  if (step === 0) console.log("saved");
}

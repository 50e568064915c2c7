/**
 * Trains a model and saves it over itself.
 *
 *     train-and-save.ts FOLDER STEPS INPUTS_JSON
 */
import { Model } from "../../../runtime/index.js";

const [folder = "", steps = "0", inputs = "{}"] = process.argv.slice(2);
using model = Model.load(folder);
for (let step = 0; step < Number(steps); step++) model.run("train", JSON.parse(inputs));
model.save(folder);

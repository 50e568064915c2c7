/**
 * Saves two models in turn to one folder until it is killed: they have the same variables and other graphs.
 *
 *     version-loop.ts FOLDER MODEL OTHER_MODEL
 */
import { Model } from "../../../../../runtime/index.js";

const [folder = "", ...sources] = process.argv.slice(2);
const models = sources.map((source) => Model.load(source));
for (let round = 0; ; round++) {
  for (const model of models) model.save(folder);
  if (round === 0) console.log("saved");
}

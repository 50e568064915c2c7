import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { wholeProcess } from "../contestants/whole-process.js";
import { isWanted } from "../options.js";
import { paceOf, type Suite } from "./suite.js";

/** Folders of models: others' beside the repository, as for the tests; else those of the tests. */
const COLLECTIONS = ["../shared/models", "test/models"];
const START = "savedmodel, the generator loaded";

/** Measures generating the clients of many models, as in a build. */
export const generate: Suite = async function* ({ programs, root }, options) {
  if (!isWanted("generate", options.only)) return;
  const collection = COLLECTIONS.find((folder) => existsSync(join(root, folder))) ?? "";
  const models = readdirSync(join(root, collection))
    .map((name) => `${collection}/${name}`)
    .filter((model) => existsSync(join(root, model, "saved_model.pb")));
  const program = (name: string, args: readonly string[]) =>
    wholeProcess(name, { file: process.execPath, args: [join(programs, "generate.js"), ...args] }, root);
  yield {
    name: "generate",
    title: `generating the clients of ${models.length} models, whole processes`,
    baselines: [START],
    pace: paceOf(options, { warmUpMs: 0, minimumCalls: 1 }),
    entries: [program(START, []), program("savedmodel, all models generated", models)],
  };
};

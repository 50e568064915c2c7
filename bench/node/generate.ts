/** `generate.js [models…]`: loads the generator, and generates the clients of these models in memory. */
import { generate } from "savedmodel/generator";
import { requireBuilt } from "./built.js";

requireBuilt();
for (const directory of process.argv.slice(2)) generate(directory);

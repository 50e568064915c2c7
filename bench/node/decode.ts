/** `decode.js <model>`: measures reading a model's file, case `read`, and describing the model, case `inspect`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "savedmodel/generator";
import { answer } from "./answer.js";

const [directory = ""] = process.argv.slice(2);

await answer(
  new Map<string, () => unknown>([
    ["read", () => readFileSync(join(directory, "saved_model.pb"))],
    ["inspect", () => inspect(directory)],
  ]),
);

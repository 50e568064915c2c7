import { readdirSync, readFileSync } from "node:fs";
import { type LoadOptions, Model, SavedModelError } from "../../../../runtime/index.js";

// Run by session-options.test.ts in a process of its own: loads a model once for each of the given options, and prints after each
// load how many threads there are more than before it, or the code of the error.
const [folder = "", ...loads] = process.argv.slice(2);
const models: Model[] = [];
for (const options of loads) console.log(JSON.stringify(load(parse(options))));

function load(options: LoadOptions): object {
  const before = threads();
  try {
    models.push(Model.load(folder, options));
  } catch (error) {
    if (error instanceof SavedModelError) return { code: error.code, message: error.rawMessage };
    throw error;
  }
  const after = threads();
  return { all: after.length - before.length, interOp: count(after) - count(before) };
}

/** The names of this process's threads. */
function threads(): readonly string[] {
  return readdirSync("/proc/self/task").map((id) => readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim());
}

/** Those between operations, as TensorFlow names them. It does not name those within operations. */
function count(names: readonly string[]): number {
  return names.filter((name) => name === "tf_Compute").length;
}

/** Options as JSON, in which bytes are hexadecimal. */
function parse(text: string): LoadOptions {
  const { config, ...options } = JSON.parse(text) as Omit<LoadOptions, "config"> & { readonly config?: string };
  return config === undefined ? options : { ...options, config: Uint8Array.from(Buffer.from(config, "hex")) };
}

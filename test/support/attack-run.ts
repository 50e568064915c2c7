// Run by attacks.test.ts in a process of its own, with little memory: inspects, generates and checks each of the attacks.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFiles } from "../../generator/check/check-project.js";
import { formatDescription } from "../../generator/cli/inspect/model-table.js";
import { generateProject } from "../../generator/project/project.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import { inspect } from "../../runtime/saved-model/describe.js";
import { attacks } from "./attacks.js";

/** The outcome of one attack: a line of JSON. */
export interface AttackReport {
  readonly name: string;
  /** The code of the error for each command, or `ok`. */
  readonly inspect: string;
  readonly check: string;
  /** The longest message of an error. */
  readonly longest: number;
}

const bytes = Number(process.argv[2]);
const root = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
try {
  const model = join(root, "m");
  mkdirSync(model);
  for (const [name, make] of Object.entries(attacks)) {
    writeFileSync(join(model, "saved_model.pb"), make(bytes));
    console.log(JSON.stringify(attack(name, model)));
  }
} finally {
  rmSync(root, { recursive: true });
}

function attack(name: string, model: string): AttackReport {
  let longest = 0;
  const outcome = (run: () => void): string => {
    try {
      run();
      return "ok";
    } catch (error) {
      if (!(error instanceof SavedModelError)) return String(error);
      longest = Math.max(longest, error.message.length);
      return error.code;
    }
  };
  return {
    name,
    inspect: outcome(() => {
      const description = inspect(model);
      JSON.stringify(description);
      formatDescription(description, 80);
    }),
    check: outcome(() => checkRenamed(root)),
    longest,
  };
}

/** Compares clients with files in which every key is another. */
function checkRenamed(root: string): void {
  const files = generateProject({ models: ["m"], output: "generated" }, root);
  mkdirSync(join(root, "generated"), { recursive: true });
  for (const { path, text } of files) writeFileSync(join(root, path), text.replaceAll('key: "', 'key: "other '));
  checkFiles(files, [], root);
}

import { Command } from "commander";
import { inspect } from "../../../runtime/saved-model/describe.js";
import { inFlags, parseTags, TAGS_FLAGS, TAGS_HELP } from "../flags/tags.js";
import { addHelpEnd } from "../ui/help.js";
import { columnsOf } from "../ui/layout.js";
import { safeJson } from "../ui/safe-json.js";
import { formatDescription } from "./model-table.js";

interface InspectFlags {
  readonly json?: true;
  readonly tags?: readonly string[];
}

/** Returns `savedmodel inspect <dir>` */
export function inspectCommand(): Command {
  const command = new Command("inspect")
    .summary("show the signatures of a SavedModel")
    .description(
      "Shows the signatures of a SavedModel with their inputs and outputs, its variables, and whether TensorFlow has all " +
        "its operations. It needs no library.",
    )
    .argument("<dir>", "the folder that holds saved_model.pb")
    .option("--json", "print the description as JSON")
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action((directory: string, { json, ...options }: InspectFlags) => {
      const description = inFlags(() => inspect(directory, options));
      process.stdout.write(
        json === true ? `${safeJson(description, 2)}\n` : formatDescription(description, columnsOf(process.stdout)),
      );
    });
  return addHelpEnd(command, {
    examples: ["inspect my_model", "inspect my_model --tags serve,gpu", "inspect my_model --json"],
    exitCodes: { 1: "the model cannot be read" },
  });
}

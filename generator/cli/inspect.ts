import { Command } from "commander";
import { inspect } from "../describe.js";
import { columnsOf } from "./layout.js";
import { formatDescription } from "./model-table.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";

interface InspectFlags {
  readonly json?: true;
  readonly tags?: readonly string[];
}

/** `savedmodel inspect <dir>` */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("show the signatures of a SavedModel")
    .argument("<dir>", "the folder that holds saved_model.pb")
    .option("--json", "print the description as JSON")
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action((directory: string, { json, ...options }: InspectFlags) => {
      const description = inspect(directory, options);
      process.stdout.write(
        json === true
          ? `${JSON.stringify(description, null, 2)}\n`
          : formatDescription(description, columnsOf(process.stdout)),
      );
    });
}

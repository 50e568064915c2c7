import type { Command } from "commander";
import type { ImportExtension } from "../generate-index.js";
import { CONFIG_FLAGS, CONFIG_HELP } from "./check-config.js";
import { collect } from "./collect.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";

/** Which clients a command is about: those of a configuration, or of folders. */
export interface ClientFlags {
  readonly config?: string;
  readonly output?: string;
  readonly className?: string;
  readonly signature?: readonly string[];
  readonly tags?: readonly string[];
  readonly index?: true;
  readonly importExtension?: ImportExtension;
}

/** Adds the options of {@link ClientFlags}; what is done with the clients, the help says in the command's words. */
export function addClientOptions(command: Command, help: { readonly output: string; readonly index: string }): Command {
  return command
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("-o, --output <folder>", help.output)
    .option("--class-name <name>", "the name of the class (default: made of the folder's name)")
    .option("--signature <key>", "a signature that becomes a method, to be repeated (default: all)", collect)
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .option("--index", help.index)
    .option("--import-extension <extension>", "how imports in the index end: js, ts or none (default: js)");
}

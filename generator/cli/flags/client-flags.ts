import type { Command } from "commander";
import { SavedModelError } from "../../../runtime/base/errors.js";
import type { Target } from "../../client/target.js";
import type { ImportExtension } from "../../generate/generate-index.js";
import type { ServerFlags } from "../served/server-flags.js";
import type { ServerUrl } from "../served/server-url.js";
import { collect } from "./repeated-flag.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";

/** The option that selects a configuration, the same for every command. */
export const CONFIG_FLAGS = "-c, --config <file>";
export const CONFIG_HELP = "the configuration (default: savedmodel.config.* here or above, within the package)";

/** Options that select the clients of a command: those of a configuration, or of folders. */
export interface ClientFlags {
  readonly config?: string;
  readonly output?: string;
  readonly className?: string;
  readonly signature?: readonly string[];
  readonly tags?: readonly string[];
  readonly index?: true;
  readonly importExtension?: ImportExtension;
  readonly target?: Target;
}

/** Options of a command that writes files. */
export interface GenerateFlags extends ClientFlags, ServerFlags {
  readonly stdout?: true;
  readonly dryRun?: true;
  readonly clean?: true;
  readonly keepGoing?: true;
  readonly watch?: true;
  readonly from?: ServerUrl;
}

/** Options of each client. */
export interface ClientOptions {
  readonly className?: string;
  readonly signatures?: readonly string[];
  readonly tags?: readonly string[];
}

/**
 * Returns the options for the clients of these folders.
 *
 * @throws SavedModelError `INVALID_OPTION` for one name for several classes
 */
export function clientOptions(
  directories: readonly string[],
  { className, signature, tags }: ClientFlags,
): ClientOptions {
  if (className !== undefined && directories.length > 1) {
    throw new SavedModelError("INVALID_OPTION", "--class-name names one class, but there are several models");
  }
  return {
    ...(className !== undefined && { className }),
    ...(signature !== undefined && { signatures: signature }),
    ...(tags !== undefined && { tags }),
  };
}

/** Adds the options of {@link ClientFlags}, with descriptions in the command's words. */
export function addClientOptions(command: Command, help: { readonly output: string; readonly index: string }): Command {
  return command
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("-o, --output <folder>", help.output)
    .option("--class-name <name>", "the name of the class (default: from the folder's name)")
    .option("--signature <key>", "a signature that becomes a method; can be repeated (default: all)", collect)
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .option("--index", help.index)
    .option("--target <language>", "ts, or js for JavaScript with declarations (default: ts)")
    .option("--import-extension <extension>", "how imports in the index end: js, ts or none (default: js)");
}

import { join, relative } from "node:path";
import { Command } from "commander";
import { SavedModelError } from "../../runtime/errors.js";
import { printable } from "../../runtime/text.js";
import type { GeneratedClient } from "../generate.js";
import { writeGenerated } from "../write.js";
import { stderr, stdout } from "./colours.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";

interface GenerateFlags {
  readonly output: string;
  readonly className?: string;
  readonly tags?: readonly string[];
}

/** `savedmodel generate <dir…> -o <folder>` */
export function generateCommand(): Command {
  return new Command("generate")
    .description("write a typed client for each SavedModel")
    .argument("<dirs...>", "folders that hold saved_model.pb")
    .option("-o, --output <folder>", "where the clients are written", "generated")
    .option("--class-name <name>", "the name of the class (default: made of the folder's name)")
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action(async (directories: readonly string[], { output, ...options }: GenerateFlags) => {
      if (options.className !== undefined && directories.length > 1) {
        throw new SavedModelError("INVALID_OPTION", "--class-name names one class, but there are several models");
      }
      // Printing needs ts-morph, which takes longer to load than all other commands together take to run.
      const { generate } = await import("../generate.js");
      const clients = directories.map((directory) => generate(directory, { ...options, outputFolder: output }));
      refuseSameFile(clients);
      for (const client of clients) writeClient(client, output);
    });
}

function refuseSameFile(clients: readonly GeneratedClient[]): void {
  const sources = new Map<string, string>();
  for (const { fileName, description } of clients) {
    const other = sources.get(fileName);
    if (other !== undefined) {
      const both = `${printable(other, 500)} and ${printable(description.directory, 500)}`;
      throw new SavedModelError("OUTPUT_CONFLICT", `${both} would both be written to ${fileName}`, {
        fix: "Generate one of them with --class-name, or into another folder.",
      });
    }
    sources.set(fileName, description.directory);
  }
}

function writeClient({ fileName, className, text, methods, notes }: GeneratedClient, output: string): void {
  const path = join(output, fileName);
  const result = writeGenerated(path, text);
  const mark = result === "unchanged" ? stdout.dim(result) : stdout.green(result);
  const shown = relative("", path) || path;
  const list = methods.length === 0 ? "" : `: ${methods.join(", ")}`;
  process.stdout.write(`${mark} ${shown}  ${stdout.bold(className)}${stdout.dim(list)}\n`);
  for (const note of notes) process.stderr.write(`  ${stderr.yellow("note")} ${note}\n`);
  if (methods.length === 0)
    process.stderr.write(`  ${stderr.yellow("note")} the model has no signature that can be called\n`);
}

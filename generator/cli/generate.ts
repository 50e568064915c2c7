import { join, relative } from "node:path";
import { Command } from "commander";
import { SavedModelError } from "../../runtime/errors.js";
import { printable } from "../../runtime/text.js";
import type { GeneratedClient } from "../generate.js";
import type { GeneratedIndex, ImportExtension } from "../generate-index.js";
import { type Change, planChange, writeWhole } from "../write.js";
import { stderr, stdout } from "./colours.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";

interface GenerateFlags {
  readonly output: string;
  readonly className?: string;
  readonly signature?: readonly string[];
  readonly tags?: readonly string[];
  readonly stdout?: true;
  readonly dryRun?: true;
  readonly index?: true;
  readonly importExtension?: ImportExtension;
}

/** A file to be written. */
interface Output {
  readonly fileName: string;
  readonly text: string;
  /** What the report says of it, behind its path. */
  readonly title: string;
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/** `savedmodel generate <dir…> -o <folder>` */
export function generateCommand(): Command {
  return new Command("generate")
    .description("write a typed client for each SavedModel")
    .argument("<dirs...>", "folders that hold saved_model.pb")
    .option("-o, --output <folder>", "where the clients are written", "generated")
    .option("--class-name <name>", "the name of the class (default: made of the folder's name)")
    .option("--signature <key>", "a signature that becomes a method, to be repeated (default: all)", collect)
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .option("--index", "write an index.ts as well, which exports every class of this run")
    .option("--import-extension <extension>", "how imports in the index end: js, ts or none (default: js)")
    .option("--stdout", "print the clients instead of writing them")
    .option("--dry-run", "tell what would be written, and write nothing")
    .action(async (directories: readonly string[], flags: GenerateFlags) => {
      const { output, signature, stdout: toStdout, dryRun, index: withIndex, importExtension, ...options } = flags;
      if (options.className !== undefined && directories.length > 1) {
        throw new SavedModelError("INVALID_OPTION", "--class-name names one class, but there are several models");
      }
      // Printing needs ts-morph, which takes longer to load than all other commands together take to run.
      const { generate } = await import("../generate.js");
      const { checkExtension, generateIndex } = await import("../generate-index.js");
      const chosen = signature === undefined ? options : { ...options, signatures: signature };
      const clients = directories.map((directory) => generate(directory, { ...chosen, outputFolder: output }));
      if (toStdout !== true) refuseSameFile(clients);
      // Checked with or without an index: clients import nothing but the package.
      const indexOptions = importExtension === undefined ? {} : { importExtension: checkExtension(importExtension) };
      const index = withIndex === true ? [indexOutput(generateIndex(clients, indexOptions), clients)] : [];
      const outputs = [...clients.map(clientOutput), ...index];
      if (toStdout === true) {
        for (const { text, notes } of outputs) {
          process.stdout.write(text);
          reportNotes(notes);
        }
        return;
      }
      // Nothing is written before it is certain that everything can be.
      const plan = outputs.map((file) => {
        const path = join(output, file.fileName);
        return { file, path, change: planChange(path, file.text) };
      });
      for (const { file, path, change } of plan) {
        if (dryRun !== true && change !== "unchanged") writeWhole(path, file.text);
        report(file, path, dryRun === true ? WOULD[change] : change);
      }
    });
}

function clientOutput({ className, fileName, text, methods, notes }: GeneratedClient): Output {
  const all = methods.length === 0 ? [...notes, "the model has no signature that can be called"] : notes;
  return { fileName, text, title: className, names: methods, notes: all };
}

function indexOutput({ fileName, text }: GeneratedIndex, clients: readonly GeneratedClient[]): Output {
  return { fileName, text, title: "index", names: clients.map(({ className }) => className), notes: [] };
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
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

/** What a dry run says. */
const WOULD: Readonly<Record<Change, string>> = {
  created: "would create",
  updated: "would update",
  unchanged: "unchanged",
};

function report({ title, names, notes }: Output, path: string, change: string): void {
  const mark = change === "unchanged" ? stdout.dim(change) : stdout.green(change);
  const list = names.length === 0 ? "" : `: ${names.join(", ")}`;
  process.stdout.write(`${mark} ${relative("", path) || path}  ${stdout.bold(title)}${stdout.dim(list)}\n`);
  reportNotes(notes);
}

/** Says what was renamed or left out. */
function reportNotes(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`  ${stderr.yellow("note")} ${note}\n`);
}

import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { SavedModelError } from "../../runtime/errors.js";
import { printable } from "../../runtime/text.js";
import type { GeneratedClient } from "../generate.js";
import type { GeneratedIndex } from "../generate-index.js";
import { removeFile } from "../project-remove.js";
import { type Change, planChange, writeWhole } from "../write.js";
import { refuseWithFolders, requireConfig } from "./check-config.js";
import { addClientOptions, type ClientFlags } from "./client-flags.js";
import { stderr, stdout } from "./colours.js";
import { watchGenerate } from "./watch.js";

interface GenerateFlags extends ClientFlags {
  readonly stdout?: true;
  readonly dryRun?: true;
  readonly clean?: true;
  readonly watch?: true;
}

/** A file to be written. */
interface Output {
  readonly path: string;
  readonly text: string;
  /** What the report says of it, behind its path. */
  readonly title: string;
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/** What is to be written, and what was generated once for models that are no more. */
interface Outputs {
  readonly outputs: readonly Output[];
  readonly orphans: readonly string[];
}

/** `savedmodel generate`, or `savedmodel generate <dir…> -o <folder>` */
export function generateCommand(): Command {
  const command = new Command("generate")
    .description("write a typed client for each SavedModel")
    .argument("[dirs...]", "folders that hold saved_model.pb (default: those of the configuration)");
  return addClientOptions(command, {
    output: "where the clients are written (default: generated)",
    index: "write an index.ts as well, which exports every class of this run",
  })
    .option("--clean", "remove generated files that belong to no model of the configuration any more")
    .option("--stdout", "print the clients instead of writing them")
    .option("--dry-run", "tell what would be written, and write nothing")
    .option("--watch", "go on, and generate again when a model changes")
    .action(async (directories: readonly string[], flags: GenerateFlags) => {
      if (flags.watch === true) return await watchGenerate(directories, flags);
      const isConfigured = directories.length === 0;
      const { outputs, orphans } = isConfigured ? await ofProject(flags) : await ofFolders(directories, flags);
      const { stdout: toStdout, dryRun, clean } = flags;
      if (toStdout === true) {
        for (const { text, notes } of outputs) {
          process.stdout.write(text);
          reportNotes(notes);
        }
        return;
      }
      // Nothing is written before it is certain that everything can be.
      const plan = outputs.map((file) => ({ file, change: planChange(file.path, file.text) }));
      for (const { file, change } of plan) {
        if (dryRun !== true && change !== "unchanged") writeWhole(file.path, file.text);
        report(file, dryRun === true ? WOULD[change] : change);
      }
      for (const path of orphans) cleanUp(path, clean === true, dryRun === true);
    });
}

/** The files of the models that are given. */
async function ofFolders(directories: readonly string[], flags: GenerateFlags): Promise<Outputs> {
  const {
    output = "generated",
    className,
    signature,
    tags,
    stdout: toStdout,
    index: withIndex,
    importExtension,
  } = flags;
  refuseWithFolders("--config", flags.config);
  refuseWithFolders("--clean", flags.clean);
  if (className !== undefined && directories.length > 1) {
    throw new SavedModelError("INVALID_OPTION", "--class-name names one class, but there are several models");
  }
  // Printing needs ts-morph, which takes longer to load than all other commands together take to run.
  const { generate } = await import("../generate.js");
  const { checkExtension, generateIndex } = await import("../generate-index.js");
  const options = {
    outputFolder: output,
    ...(className !== undefined && { className }),
    ...(signature !== undefined && { signatures: signature }),
    ...(tags !== undefined && { tags }),
  };
  const clients = directories.map((directory) => generate(directory, options));
  if (toStdout !== true) refuseSameFile(clients);
  // Checked with or without an index: clients import nothing but the package.
  const indexOptions = importExtension === undefined ? {} : { importExtension: checkExtension(importExtension) };
  const index = withIndex === true ? [indexOutput(generateIndex(clients, indexOptions), clients, output)] : [];
  return { outputs: [...clients.map((client) => clientOutput(client, output)), ...index], orphans: [] };
}

/** The files of the configuration. */
async function ofProject(flags: GenerateFlags): Promise<Outputs> {
  const { config, root } = await requireConfig(flags);
  const { generateProject } = await import("../project.js");
  const { findOrphans } = await import("../project-orphans.js");
  const files = generateProject(config, root);
  const outputs = files.map(({ path, text, client, names, notes }): Output => {
    return {
      path: relative("", resolve(root, path)),
      text,
      title: client === "index" ? client : client.className,
      names,
      notes,
    };
  });
  return { outputs, orphans: findOrphans(config, root, files).map((path) => resolve(root, path)) };
}

/** Removes a generated file whose model is no more, or says that it could be. */
function cleanUp(path: string, isWanted: boolean, isDry: boolean): void {
  const shown = printable(relative("", path), 500);
  if (!isWanted) {
    reportNotes([`${shown} belongs to no model of the configuration (--clean removes it)`]);
    return;
  }
  if (!isDry) removeFile(path);
  process.stdout.write(`${stdout.yellow(isDry ? "would remove" : "removed")} ${shown}\n`);
}

function clientOutput({ className, fileName, text, methods, notes }: GeneratedClient, folder: string): Output {
  const all = methods.length === 0 ? [...notes, "the model has no signature that can be called"] : notes;
  return { path: join(folder, fileName), text, title: className, names: methods, notes: all };
}

function indexOutput({ fileName, text }: GeneratedIndex, clients: readonly GeneratedClient[], folder: string): Output {
  const names = clients.map(({ className }) => className);
  return { path: join(folder, fileName), text, title: "index", names, notes: [] };
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

function report({ path, title, names, notes }: Output, change: string): void {
  const mark = change === "unchanged" ? stdout.dim(change) : stdout.green(change);
  const list = names.length === 0 ? "" : `: ${names.join(", ")}`;
  process.stdout.write(`${mark} ${relative("", path) || path}  ${stdout.bold(title)}${stdout.dim(list)}\n`);
  reportNotes(notes);
}

/** Says what was renamed or left out. */
function reportNotes(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`  ${stderr.yellow("note")} ${note}\n`);
}

import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { SavedModelError } from "../../runtime/base/errors.js";
import { printable, quote } from "../../runtime/base/text.js";
import { noSignatureNote } from "../../runtime/saved-model/graph/unexported-functions.js";
import type { GeneratedClient } from "../generate/generate-client.js";
import type { GeneratedIndex } from "../generate/generate-index.js";
import { attemptEach, joinErrors } from "../project/model-errors.js";
import type { Change } from "../project/planned-change.js";
import { removeFile } from "../project/remove-client.js";
import { writeFiles } from "../project/write-client.js";
import { refuseWithFolders, requireConfig } from "./check-configured.js";
import { addClientOptions, clientOptions, type GenerateFlags } from "./flags/client-flags.js";
import { inFlags } from "./flags/tags.js";
import { addServerOptions, type ServedModel, servedModelOf } from "./served/server-flags.js";
import { stdout } from "./ui/colors.js";
import { sayNote } from "./ui/error-message.js";
import { addHelpEnd } from "./ui/help.js";
import { columnsOf, flow } from "./ui/layout.js";
import { type ReportedFile, reportFile } from "./ui/report.js";
import { watchGenerate } from "./watch.js";

/** A file to write. */
interface Output extends ReportedFile {
  readonly text: string;
}

/** The files to write, and previously generated ones whose models no longer exist. */
interface Outputs {
  readonly outputs: readonly Output[];
  readonly orphans: readonly string[];
  /** The error for the models without a client, with `--keep-going`. */
  readonly failure?: SavedModelError;
}

/** Returns `savedmodel generate`, or `savedmodel generate <dir…> -o <folder>` */
export function generateCommand(): Command {
  const command = new Command("generate")
    .summary("write a typed client for each SavedModel")
    .description("Writes a typed client for each SavedModel: a .ts file with a class whose methods are the signatures.")
    .argument("[dirs...]", "folders that hold saved_model.pb (default: those of the configuration)");
  addClientOptions(command, {
    output: "where the clients are written (default: generated)",
    index: "write an index.ts as well, which exports every class of this run",
  });
  addServerOptions(command, "--from", "generate the client of a served model")
    .option("--clean", "remove generated files that the configuration has no model for")
    .option("--keep-going", "skip models that cannot be read and write the other clients; the exit code is still 1")
    .option("--stdout", "print the clients instead of writing them")
    .option("--dry-run", "show what would be written, without writing it")
    .option("--watch", "keep running until Ctrl+C, and regenerate when a model changes")
    .action(async (directories: readonly string[], flags: GenerateFlags) => {
      if (flags.from !== undefined) refuseWithServer(directories, flags);
      if (flags.watch === true) return await watchGenerate(directories, flags);
      const { outputs, orphans, failure } = await readOutputs(directories, flags);
      const { stdout: toStdout, dryRun, clean } = flags;
      if (toStdout === true) {
        for (const { text, notes } of outputs) {
          process.stdout.write(text);
          for (const note of notes) sayNote(note);
        }
        if (failure !== undefined) throw failure;
        return;
      }
      const { planChange } = await import("../project/planned-change.js");
      // Nothing is written before everything is known to be writable.
      const plan = outputs.map((file) => ({ file, change: planChange(file.path, file.text) }));
      if (dryRun !== true) {
        const changed = plan.filter(({ change }) => change !== "unchanged");
        writeFiles(changed.map(({ file }) => ({ path: file.path, data: file.text })));
      }
      for (const { file, change } of plan) reportFile(dryRun === true ? WOULD[change] : change, file);
      for (const path of orphans) cleanUp(path, clean === true, dryRun === true);
      if (failure !== undefined) throw failure;
    });
  return addHelpEnd(command, {
    examples: [
      "generate",
      "generate my_model -o src/generated",
      "generate models/a models/b --index",
      "generate models/* --keep-going",
      "generate my_model --class-name Classifier --signature predict",
      "generate --from serving+grpc://localhost:8500/my_model",
    ],
    exitCodes: {
      1: "a model cannot be read, or a file cannot be written; without --keep-going, nothing was written",
      2: "invalid command line or configuration",
    },
  });
}

async function readOutputs(directories: readonly string[], flags: GenerateFlags): Promise<Outputs> {
  const server = servedModelOf("--from", flags.from, flags);
  if (server !== undefined) return await ofServer(server, flags);
  return directories.length === 0 ? await ofProject(flags) : await ofFolders(directories, flags);
}

/** Rejects what contradicts `--from`. @throws SavedModelError `INVALID_OPTION` */
function refuseWithServer(directories: readonly string[], flags: GenerateFlags): void {
  const { config, tags, clean, keepGoing, watch } = flags;
  const others = { "--config": config, "--tags": tags, "--clean": clean, "--keep-going": keepGoing, "--watch": watch };
  const given = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (directories.length === 0 && given === undefined) return;
  const what = given ?? "a folder";
  throw new SavedModelError("INVALID_OPTION", `--from reads the model from a server, and ${what} was given`, {
    fix: "Pass one or the other, not both.",
  });
}

/** Returns the files for a served model. */
async function ofServer(server: ServedModel, flags: GenerateFlags): Promise<Outputs> {
  const { className, signature } = flags;
  await checkTargetOf(flags);
  const { describeServed, SERVERS } = await import("./served/served-model.js");
  const signatures = await describeServed(server, signature);
  const { generateServed } = await import("../generate/generate-client.js");
  const client = generateServed(
    { model: server.model, server: SERVERS[server.protocol], signatures },
    { ...(className !== undefined && { className }), ...(signature !== undefined && { signatures: signature }) },
  );
  const isWhole = server.protocol === "kserve" && signature === undefined;
  const naming = `connect with kserve({ …, modelOf: () => ${quote(server.model)} }): the served model is this one signature`;
  return await outputsOf([isWhole ? { ...client, notes: [...client.notes, naming] } : client], flags);
}

/** Returns the files for the models in the given folders. */
async function ofFolders(directories: readonly string[], flags: GenerateFlags): Promise<Outputs> {
  const { output = "generated", stdout: toStdout } = flags;
  refuseWithFolders("--config", flags.config);
  refuseWithFolders("--clean", flags.clean);
  const options = { outputFolder: output, ...clientOptions(directories, flags) };
  // Printing needs ts-morph, which takes longer to load than all other commands take to run.
  const { generate } = await import("../generate/generate-client.js");
  await checkTargetOf(flags);
  const { results: clients, errors } = attemptEach(directories, (directory) =>
    inFlags(() => generate(directory, options)),
  );
  const failure = errors.length === 0 ? undefined : joinErrors(errors, directories.length);
  if (failure !== undefined && flags.keepGoing !== true) throw failure;
  if (toStdout !== true) refuseSameFile(clients);
  return await outputsOf(clients, flags, failure);
}

async function checkTargetOf({ target = "ts" }: GenerateFlags): Promise<void> {
  const { checkTarget } = await import("../client/target.js");
  checkTarget(target);
}

/** Returns the files of clients, and their index where one is wanted. */
async function outputsOf(
  clients: readonly GeneratedClient[],
  { output = "generated", index: withIndex, importExtension, target = "ts" }: GenerateFlags,
  failure?: SavedModelError,
): Promise<Outputs> {
  const { checkExtension, generateIndex } = await import("../generate/generate-index.js");
  const { filesInTarget } = await import("../client/target.js");
  // Checked with or without an index: clients import only the package.
  const indexOptions = importExtension === undefined ? {} : { importExtension: checkExtension(importExtension) };
  // An index without some of the classes would remove them for its importers.
  const index =
    withIndex === true && failure === undefined
      ? [indexOutput(generateIndex(clients, indexOptions), clients, output)]
      : [];
  const outputs = [...clients.map((client) => clientOutput(client, output)), ...index].flatMap((file) =>
    filesInTarget(file, target, output, { title: "declarations", names: [], notes: [] }),
  );
  return { outputs, orphans: [], ...(failure && { failure }) };
}

/** Returns the files of the configuration. */
async function ofProject(flags: GenerateFlags): Promise<Outputs> {
  const { config, root } = await requireConfig(flags);
  const { generateProject, projectModels } = await import("../project/project.js");
  const { findOrphans } = await import("../project/orphans.js");
  const { generateSound } = await import("../watch/generate-changed.js");
  const { files, errors } =
    flags.keepGoing === true ? generateSound(config, root) : { files: generateProject(config, root), errors: [] };
  const outputs = files.map(({ path, text, client, names, notes }): Output => {
    return {
      path: relative("", resolve(root, path)),
      text,
      title: typeof client === "string" ? client : client.className,
      names,
      notes,
    };
  });
  // The clients of models that cannot be read are not orphans.
  if (errors.length > 0) {
    return { outputs, orphans: [], failure: joinErrors(errors, projectModels(config, root).length) };
  }
  return { outputs, orphans: findOrphans(config, root, files).map((path) => resolve(root, path)) };
}

/** Removes a generated file whose model no longer exists, or reports that it could be removed. */
function cleanUp(path: string, isWanted: boolean, isDry: boolean): void {
  const shown = printable(relative("", path), 500);
  if (!isWanted) {
    sayNote(`${shown} has no model in the configuration (--clean removes it)`);
    return;
  }
  if (!isDry) removeFile(path);
  const words = [
    { text: isDry ? "would remove" : "removed", style: stdout.yellow },
    { text: shown, isWhole: true },
  ];
  process.stdout.write(`${flow(words, columnsOf(process.stdout), 4)}\n`);
}

function clientOutput(
  { className, description, fileName, text, methods, notes }: GeneratedClient,
  folder: string,
): Output {
  const all = methods.length === 0 ? [...notes, noSignatureNote(description)] : notes;
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

/** Words of a dry run for each change. */
const WOULD: Readonly<Record<Change, string>> = {
  created: "would create",
  updated: "would update",
  unchanged: "unchanged",
};

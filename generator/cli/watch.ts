import { relative } from "node:path";
import { Command } from "commander";
import { SavedModelError } from "../../runtime/errors.js";
import type { Config } from "../config.js";
import type { ImportExtension } from "../generate-index.js";
import type { ProjectChange, WatchOptions } from "../watch.js";
import { CONFIG_FLAGS, CONFIG_HELP, refuseWithFolders, requireConfig } from "./check-config.js";
import { stderr, stdout } from "./colours.js";

/** The options of `savedmodel generate`. */
interface GenerateFlags {
  readonly config?: string;
  readonly output?: string;
  readonly className?: string;
  readonly signature?: readonly string[];
  readonly tags?: readonly string[];
  readonly index?: true;
  readonly importExtension?: ImportExtension;
  readonly stdout?: true;
  readonly dryRun?: true;
  readonly clean?: true;
}

/** `savedmodel watch` */
export function watchCommand(): Command {
  return new Command("watch")
    .description("generate the clients of the configuration, and again when a model changes")
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .action((flags: { readonly config?: string }) => watchGenerate([], flags));
}

/**
 * `savedmodel generate --watch`: of the folders that are given, or else of the configuration.
 *
 * @throws SavedModelError `INVALID_OPTION` for options that write no files, or remove some
 */
export async function watchGenerate(directories: readonly string[], flags: GenerateFlags): Promise<void> {
  refuseWithWatch("--stdout", flags.stdout);
  refuseWithWatch("--dry-run", flags.dryRun);
  refuseWithWatch("--clean", flags.clean);
  if (directories.length === 0) {
    const { file } = await requireConfig(flags);
    const { watchConfigFile } = await import("../watch.js");
    await untilInterrupted((options) => watchConfigFile(file, options));
  } else {
    refuseWithFolders("--config", flags.config);
    const config = configOf(directories, flags);
    const { watchProject } = await import("../watch.js");
    await untilInterrupted((options) => watchProject(config, process.cwd(), options));
  }
}

/** What a configuration would say instead of these options. */
function configOf(directories: readonly string[], flags: GenerateFlags): Config {
  const { className, importExtension, index, output, signature, tags } = flags;
  if (className !== undefined && directories.length > 1) {
    throw new SavedModelError("INVALID_OPTION", "--class-name names one class, but there are several models");
  }
  const options = {
    ...(className !== undefined && { className }),
    ...(signature !== undefined && { signatures: signature }),
    ...(tags !== undefined && { tags }),
  };
  return {
    models: directories.map((path) => ({ path, ...options })),
    ...(output !== undefined && { output }),
    ...(index !== undefined && { index }),
    ...(importExtension !== undefined && { importExtension }),
  };
}

function refuseWithWatch(option: string, value: unknown): void {
  if (value === undefined) return;
  throw new SavedModelError("INVALID_OPTION", `${option} is for one run, and a watch writes again and again`, {
    fix: "Leave out the one or the other.",
  });
}

/** Ends a watch as a program that has done its work, when the user or the system wants it to. */
async function untilInterrupted(watch: (options: WatchOptions) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    await watch({ signal: controller.signal, onChange: reporter() });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** Prints what is new: at first every file, later those that were written. */
function reporter(): (change: ProjectChange) => void {
  let isFirst = true;
  let wasBroken = false;
  return ({ files, errors, broken }) => {
    for (const { file, path, change } of files) {
      if (change === "unchanged" && !isFirst) continue;
      const mark = change === "unchanged" ? stdout.dim(change) : stdout.green(change);
      const title = file.client === "index" ? "index" : file.client.className;
      const names = file.names.length === 0 ? "" : `: ${file.names.join(", ")}`;
      process.stdout.write(`${mark} ${relative("", path)}  ${stdout.bold(title)}${stdout.dim(names)}\n`);
      for (const note of file.notes) process.stderr.write(`  ${stderr.yellow("note")} ${note}\n`);
    }
    for (const { message } of errors) process.stderr.write(`${stderr.red("error")} ${message}\n`);
    if (wasBroken && broken === 0) process.stdout.write(`${stdout.green("recovered")}\n`);
    if (isFirst) process.stdout.write(stdout.dim("watching; Ctrl+C ends it\n"));
    isFirst = false;
    wasBroken = broken > 0;
  };
}

import { Command } from "commander";
import { SavedModelError } from "../../runtime/base/errors.js";
import { reasonOf } from "../../runtime/base/text.js";
import { inTermsOf, type TagsPlace } from "../../runtime/saved-model/files/saved-model-file.js";
import type { Config } from "../config/config.js";
import type { ProjectChange, WatchOptions } from "../watch/watch-project.js";
import { refuseWithFolders, requireConfig } from "./check-configured.js";
import { CONFIG_FLAGS, CONFIG_HELP, clientOptions, type GenerateFlags } from "./flags/client-flags.js";
import { stdout } from "./ui/colors.js";
import { sayError } from "./ui/error-message.js";
import { addHelpEnd } from "./ui/help.js";
import { reportFile } from "./ui/report.js";

/** Returns `savedmodel watch` */
export function watchCommand(): Command {
  const command = new Command("watch")
    .summary("generate, and regenerate when a model changes")
    .description(
      "Generates the clients of the configuration, and regenerates them when a model or the configuration changes, until Ctrl+C.",
    )
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .action((flags: { readonly config?: string }) => watchGenerate([], flags));
  return addHelpEnd(command, {
    examples: ["watch", "watch --config tools/savedmodel.config.json", "generate my_model --watch"],
    exitCodes: { 0: "ended by Ctrl+C or SIGTERM", 2: "invalid command line or configuration" },
  });
}

/**
 * Runs `savedmodel generate --watch`: for the given folders, or else for the configuration.
 *
 * @throws SavedModelError `INVALID_OPTION` for options that write no files, or remove some
 */
export async function watchGenerate(directories: readonly string[], flags: GenerateFlags): Promise<void> {
  refuseWithWatch("--stdout", flags.stdout);
  refuseWithWatch("--dry-run", flags.dryRun);
  refuseWithWatch("--clean", flags.clean);
  refuseWithWatch("--keep-going", flags.keepGoing);
  if (directories.length === 0) {
    const { file } = await requireConfig(flags);
    const { watchConfigFile } = await import("../watch/watch-project.js");
    await untilInterrupted((options) => watchConfigFile(file, options), "configuration");
  } else {
    refuseWithFolders("--config", flags.config);
    const config = configOf(directories, flags);
    const { watchProject } = await import("../watch/watch-project.js");
    await untilInterrupted((options) => watchProject(config, process.cwd(), options), "flag");
  }
}

/** Returns the configuration that is equivalent to these options. */
function configOf(directories: readonly string[], flags: GenerateFlags): Config {
  const { importExtension, index, output } = flags;
  const options = clientOptions(directories, flags);
  return {
    models: directories.map((path) => ({ path, ...options })),
    ...(output !== undefined && { output }),
    ...(index !== undefined && { index }),
    ...(importExtension !== undefined && { importExtension }),
  };
}

function refuseWithWatch(option: string, value: unknown): void {
  if (value === undefined) return;
  throw new SavedModelError("INVALID_OPTION", `${option} is for a single run, and watch runs repeatedly`, {
    fix: "Pass one or the other, not both.",
  });
}

/** Ends a watch successfully when the user or the system interrupts it. */
async function untilInterrupted(watch: (options: WatchOptions) => Promise<void>, tagsAre: TagsPlace): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    await watch({ signal: controller.signal, onChange: reporter(tagsAre) });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** Prints changes: at first every file, later those that were written. */
function reporter(tagsAre: TagsPlace): (change: ProjectChange) => void {
  let isFirst = true;
  let wasBroken = false;
  return ({ files, errors, broken }) => {
    for (const { file, path, change } of files) {
      if (change === "unchanged" && !isFirst) continue;
      const title = typeof file.client === "string" ? file.client : file.client.className;
      reportFile(change, { path, title, names: file.names, notes: file.notes });
    }
    for (const error of errors) sayError(reasonOf(inTermsOf(tagsAre, error)));
    if (wasBroken && broken === 0) process.stdout.write(`${stdout.green("recovered")}\n`);
    if (isFirst) process.stdout.write(stdout.dim("watching; Ctrl+C ends it\n"));
    isFirst = false;
    wasBroken = broken > 0;
  };
}

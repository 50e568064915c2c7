#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { SavedModelError } from "../../runtime/base/errors.js";
import { stdout } from "./ui/colors.js";
import { sayError } from "./ui/error-message.js";
import { addHelpEnd, commandTerm, helpWidth } from "./ui/help.js";

/**
 * Exit codes: 0 success, 1 failure, 2 invalid command line or configuration. `check` exits with 1 where
 * files are out of date, and with 3 where a model cannot be read.
 */
const FAILURE = 1;
const USAGE = 2;

const { version } = createRequire(import.meta.url)("savedmodel/package.json") as { version: string };

// A reader that has seen enough, such as `head`, is not a failure; nor is a terminal that was closed (EIO).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EIO") return;
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EIO" && error.code !== "EPIPE") throw error;
});

const program = new Command("savedmodel")
  .description("Generates typed TypeScript clients for TensorFlow SavedModels, and runs and trains the models.")
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand("help [command]", "print the help of a command")
  .enablePositionalOptions()
  .configureHelp({ subcommandTerm: commandTerm, styleTitle: (title) => stdout.bold(title) })
  .configureOutput({
    getOutHelpWidth: helpWidth,
    getErrHelpWidth: helpWidth,
    outputError: (text) => sayError(asCoded(text)),
  })
  .showHelpAfterError("(run with --help for usage)")
  .exitOverride();
addHelpEnd(program, {
  examples: ["init", "generate my_model", "run my_model --input 'x=[[1, 2]]'", "help run"],
});
// Start-up is most of the time of `inspect`: only the requested command is loaded.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  install: async () => (await import("./install.js")).installCommand(),
  inspect: async () => (await import("./inspect/inspect.js")).inspectCommand(),
  init: async () => (await import("./init.js")).initCommand(),
  generate: async () => (await import("./generate.js")).generateCommand(),
  watch: async () => (await import("./watch.js")).watchCommand(),
  check: async () => (await import("./check.js")).checkCommand(),
  run: async () => (await import("./run/run.js")).runCommand(),
  train: async () => (await import("./train/train.js")).trainCommand(),
  plot: async () => (await import("./plot.js")).plotCommand(),
  worker: async () => (await import("./worker/worker.js")).workerCommand(),
  doctor: async () => (await import("./doctor.js")).doctorCommand(),
};
const [asked = ""] = process.argv.slice(2);
for (const [name, load] of Object.entries(commands)) {
  if (name === asked || !Object.hasOwn(commands, asked))
    program.addCommand((await load()).copyInheritedSettings(program));
}

/** Formats an error message of commander like all other errors. */
function asCoded(text: string): string {
  return text
    .trimEnd()
    .replace(/^error: /, "INVALID_OPTION: ")
    .replace(/\n\((Did you mean .*\?)\)$/, ". $1");
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed the error, or the requested help.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else if (error instanceof SavedModelError) {
    const isUsage = error.code === "INVALID_OPTION" || error.code === "CONFIG_INVALID";
    // A command may have set its own.
    process.exitCode ??= isUsage ? USAGE : FAILURE;
    sayError(error.message);
  } else {
    throw error;
  }
}

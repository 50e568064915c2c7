#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { SavedModelError } from "../../runtime/errors.js";
import { stderr } from "./colours.js";

/**
 * Exit codes: 0 success, 1 failure, 2 wrong use of the command line or a wrong configuration. `check` exits with 1 where
 * files are out of date, and with 3 where a model cannot be read.
 */
const FAILURE = 1;
const USAGE = 2;

const { version } = createRequire(import.meta.url)("savedmodel/package.json") as { version: string };

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const program = new Command("savedmodel")
  .description("Typed TypeScript clients for TensorFlow SavedModels.")
  .version(version)
  .enablePositionalOptions()
  .showHelpAfterError("(add --help for what is possible)")
  .exitOverride();
// Start-up is most of what `inspect` takes: one command is loaded where one is asked for.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  install: async () => (await import("./install.js")).installCommand(),
  inspect: async () => (await import("./inspect.js")).inspectCommand(),
  init: async () => (await import("./init.js")).initCommand(),
  generate: async () => (await import("./generate.js")).generateCommand(),
  watch: async () => (await import("./watch.js")).watchCommand(),
  check: async () => (await import("./check.js")).checkCommand(),
  run: async () => (await import("./run.js")).runCommand(),
  train: async () => (await import("./train.js")).trainCommand(),
  plot: async () => (await import("./plot.js")).plotCommand(),
  doctor: async () => (await import("./doctor.js")).doctorCommand(),
};
const [asked = ""] = process.argv.slice(2);
for (const [name, load] of Object.entries(commands)) {
  if (name === asked || !Object.hasOwn(commands, asked))
    program.addCommand((await load()).copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong, or printed the help that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else if (error instanceof SavedModelError) {
    const isUsage = error.code === "INVALID_OPTION" || error.code === "CONFIG_INVALID";
    // A command may have set one of its own.
    process.exitCode ??= isUsage ? USAGE : FAILURE;
    process.stderr.write(`${stderr.red("error")} ${error.message}\n`);
  } else {
    throw error;
  }
}

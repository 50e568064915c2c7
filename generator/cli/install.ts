import { Command, Option } from "commander";
import { LIBRARY_VARIABLE } from "../../runtime/engines/local/library/library-search.js";
import type { InstallOptions } from "../library/install-library.js";
import { sayNote } from "./ui/error-message.js";
import { addHelpEnd } from "./ui/help.js";
import { columnsOf, flow, sentence } from "./ui/layout.js";
import { progressBar, progressLines } from "./ui/progress-bar.js";

/** Returns `savedmodel install`, which puts TensorFlow's library into the per-user cache. */
export function installCommand(): Command {
  const command = new Command("install")
    .summary("install TensorFlow's C library, once per machine")
    .description(
      "Installs TensorFlow's C library into the per-user cache, from the tensorflow wheel that your pip downloads, or from a file that you pass.",
    )
    .addOption(new Option("--version <version>", "the version of TensorFlow, such as 2.21.0"))
    .option(
      "--from <source>",
      "a tensorflow wheel, a jar of tensorflow-core-native, the official C library's tar.gz, a folder with the library, or a URL",
    )
    .option("--sha256 <digits>", "the SHA-256 of the file that --from names; needed for http://")
    .option("--strip", "cut off symbol tables, a quarter of the library on Linux")
    .option("--force", "reinstall a version that is already installed")
    .action(install);
  return addHelpEnd(command, {
    examples: ["install", "install --version 2.21.0", "install --from libtensorflow-cpu-linux-x86_64.tar.gz"],
  });
}

async function install(
  options: Pick<InstallOptions, "version" | "from" | "sha256" | "strip" | "force">,
): Promise<void> {
  const { installLibrary } = await import("../library/install-library.js");
  const display = process.stderr.isTTY ? await progressBar() : progressLines();
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // Every signal: npx repeats a Ctrl+C that the terminal has sent already, and a second one must not stop the clean-up.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, abort);
  try {
    const { version, folder, isNew } = await installLibrary({
      ...options,
      onProgress: display.show,
      signal: controller.signal,
    });
    display.end();
    const done = sentence(`TensorFlow ${version} is ${isNew ? "installed" : "already installed"} in ${folder}`);
    process.stdout.write(`${flow(done, columnsOf(process.stdout), 2)}\n`);
    if (process.env[LIBRARY_VARIABLE])
      sayNote(`${LIBRARY_VARIABLE} is set, and the library that it names is used instead`);
  } finally {
    display.end();
    for (const signal of signals) process.off(signal, abort);
  }
}

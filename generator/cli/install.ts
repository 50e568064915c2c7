import { Command, Option } from "commander";
import { cacheFolder } from "../../runtime/engines/local/library/library-cache.js";
import { LIBRARY_VARIABLE } from "../../runtime/engines/local/library/library-search.js";
import { currentPlatform } from "../../runtime/engines/local/library/platform.js";
import { findPlatformPackage, platformPackageName } from "../../runtime/engines/local/library/platform-package.js";
import type { InstallPlan } from "../library/gpu-library.js";
import type { InstallOptions } from "../library/install-library.js";
import { collect } from "./flags/repeated-flag.js";
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
    .option("--gpu", "install the library for NVIDIA GPUs with NVIDIA's libraries, several GB (Linux x64)")
    .option(
      "--with <pack>",
      "also install operations that TensorFlow lacks, for the library in use: tensorflow-text, tensorflow-decision-forests, or a wheel of one; can be repeated",
      collect,
    )
    .option("--force", "reinstall a version that is already installed")
    .action(install);
  return addHelpEnd(command, {
    examples: [
      "install",
      "install --version 2.21.0",
      "install --gpu",
      "install --with tensorflow-text",
      "install --from libtensorflow-cpu-linux-x86_64.tar.gz",
    ],
  });
}

interface InstallFlags extends Pick<InstallOptions, "version" | "from" | "sha256" | "strip" | "gpu" | "force"> {
  readonly with?: readonly string[];
}

async function install({ with: packs = [], ...options }: InstallFlags): Promise<void> {
  const { installLibrary } = await import("../library/install-library.js");
  const { installOps } = await import("../library/install-ops.js");
  const { checkOperations } = await import("../library/check-library.js");
  const { gigabytes } = await import("../library/gpu-library.js");
  const display = process.stderr.isTTY ? await progressBar() : progressLines();
  const controller = new AbortController();
  const { signal } = controller;
  const abort = (): void => controller.abort();
  // Every signal: npx repeats a Ctrl+C that the terminal has sent already, and a second one must not stop the clean-up.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, abort);
  const say = (text: string): void => {
    display.end();
    process.stdout.write(`${flow(sentence(text), columnsOf(process.stdout), 2)}\n`);
  };
  const onPlan = ({ wheels, downloadBytes, diskBytes, freeBytes }: InstallPlan): void => {
    const files = wheels === undefined ? "about " : `${wheels} wheels with `;
    const disk = `about ${gigabytes(diskBytes)} of ${gigabytes(freeBytes)} that are free in ${cacheFolder()}`;
    say(`Downloading ${files}${gigabytes(downloadBytes)}, which take ${disk}`);
  };
  try {
    // Packs alone do not need another library than the one in use, such as that of an npm package.
    const isPackOnly = packs.length > 0 && Object.keys(options).length === 0 && (await checkOperations([])).loads;
    if (!isPackOnly) {
      const { version, folder, isNew } = await installLibrary({
        ...options,
        onPlan,
        onProgress: display.show,
        signal,
      });
      say(
        `TensorFlow ${version}${options.gpu ? " for GPUs" : ""} is ${isNew ? "installed" : "already installed"} in ${folder}`,
      );
      noteOthers();
    }
    for (const pack of packs) {
      const { name, version, tensorflow, folder } = await installOps({ pack, onProgress: display.show, signal });
      say(`${name} ${version} for TensorFlow ${tensorflow} is installed in ${folder}`);
    }
  } finally {
    display.end();
    for (const name of signals) process.off(name, abort);
  }
}

/** Tells that a library is used that is found before the installed one. */
function noteOthers(): void {
  if (process.env[LIBRARY_VARIABLE]) {
    sayNote(`${LIBRARY_VARIABLE} is set, and the library that it names is used instead`);
    return;
  }
  const platform = currentPlatform();
  const answer = findPlatformPackage(platform);
  if (answer.found) {
    sayNote(`${platformPackageName(platform)} ${answer.manifest.version} is installed, and is used instead`);
  }
}

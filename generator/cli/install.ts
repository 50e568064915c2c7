import { Command, Option } from "commander";
import type { InstallOptions } from "../library/install.js";
import type { OnProgress, Progress } from "../library/progress.js";

/** `savedmodel install`: puts TensorFlow's library into the per-user cache. */
export function installCommand(): Command {
  return new Command("install")
    .summary("install TensorFlow's C library, once per machine")
    .description(
      "Installs TensorFlow's C library into the per-user cache, out of the tensorflow wheel that your pip downloads, or out of a file that you have.",
    )
    .addOption(new Option("--version <version>", "the TensorFlow version, such as 2.21.0"))
    .option(
      "--from <source>",
      "a tensorflow wheel, the official C library's tar.gz, a folder with the library, or a URL",
    )
    .option("--force", "install again what is already installed")
    .action(install);
}

async function install(options: Pick<InstallOptions, "version" | "from" | "force">): Promise<void> {
  const { installLibrary } = await import("../library/install.js");
  const display = process.stderr.isTTY ? await progressBar() : progressLines();
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // The first Ctrl-C cleans up; a second one ends the process at once.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, abort);
  try {
    const { version, folder, isNew } = await installLibrary({
      ...options,
      onProgress: display.show,
      signal: controller.signal,
    });
    display.end();
    console.log(`TensorFlow ${version} is ${isNew ? "installed" : "already installed"} in ${folder}`);
  } finally {
    display.end();
    for (const signal of signals) process.off(signal, abort);
  }
}

interface Display {
  readonly show: OnProgress;
  readonly end: () => void;
}

const TITLES = { download: "Downloading", unpack: "Unpacking", check: "Trying it" } as const;

/** One bar per phase, on stderr. */
async function progressBar(): Promise<Display> {
  const { default: progress } = await import("cli-progress");
  const format = "{title} [{bar}] {percentage} % | {megabytes} MB";
  const bar = new progress.SingleBar({ format, stopOnComplete: false, hideCursor: true, stream: process.stderr });
  let phase: Progress["phase"] | undefined;
  const end = (): void => {
    if (phase !== undefined) bar.stop();
    phase = undefined;
  };
  const show = (now: Progress): void => {
    if (now.phase === "check") {
      end();
      return;
    }
    const payload = { title: TITLES[now.phase].padEnd(11), megabytes: Math.round(now.done / 1e6) };
    // pip announces a rounded size; the bar must not overflow for it.
    const total = Math.max(now.total ?? 0, now.done, 1);
    if (now.phase !== phase) {
      end();
      phase = now.phase;
      bar.start(total, now.done, payload);
    } else {
      bar.setTotal(total);
      bar.update(now.done, payload);
    }
  };
  return { show, end };
}

/** A line on stderr for every phase and every tenth of it, for logs. */
function progressLines(): Display {
  let last = "";
  const show = (now: Progress): void => {
    const line =
      now.total === undefined
        ? `${TITLES[now.phase]}…`
        : `${TITLES[now.phase]}: ${Math.min(10, Math.floor((now.done / now.total) * 10)) * 10} % of ${Math.round(now.total / 1e6)} MB`;
    if (line !== last) console.error(line);
    last = line;
  };
  return { show, end: () => {} };
}

import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LibraryFiles } from "../../runtime/engines/local/library/library-files.js";
import { lastLines, runCommand } from "./run-command.js";

/** Result of loading a library. */
export type CheckResult =
  | { readonly loads: true; readonly version: string }
  | { readonly loads: false; readonly reason: string };

/** Loads a library in a child process, with every function resolved, so that a bad one cannot end this process. */
export async function checkLibrary(library: LibraryFiles, signal?: AbortSignal): Promise<CheckResult> {
  const extension = extname(import.meta.url);
  const probe = fileURLToPath(new URL(`./probe${extension}`, import.meta.url));
  const files = library.framework === undefined ? [library.main] : [library.main, library.framework];
  const answer = await runCommand(process.execPath, [...loaders(extension), probe, ...files], {
    // Shows the message with which TensorFlow ends a process, for example that the processor lacks AVX. Options
    // in NODE_OPTIONS, such as `--inspect-brk`, would stop the probe.
    env: { SAVEDMODEL_LOG: "1", TF_CPP_MIN_LOG_LEVEL: "0", NODE_OPTIONS: "" },
    signal,
  });
  signal?.throwIfAborted();
  const result = answer.code === 0 ? parse(answer.stdout) : undefined;
  return result ?? { loads: false, reason: crashReason(answer) };
}

/** Returns the Node.js options that find and run the probe. */
function loaders(extension: string): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  // With Yarn Plug'n'Play, packages are in archives that only its loader can read.
  const plugAndPlay = process.versions.pnp === undefined ? [] : ["--require", resolve("pnpapi")];
  // In this package's own tests the sources are TypeScript, which Node.js 20 runs only with tsx.
  return extension === ".ts" ? [...plugAndPlay, "--import", pathToFileURL(resolve("tsx")).href] : plugAndPlay;
}

function parse(stdout: string): CheckResult | undefined {
  const line = /^\{.*\}$/m.exec(stdout)?.[0];
  if (line === undefined) return undefined;
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) return undefined;
  if ("version" in value && typeof value.version === "string") return { loads: true, version: value.version };
  return "reason" in value ? { loads: false, reason: String(value.reason) } : undefined;
}

function crashReason(answer: Awaited<ReturnType<typeof runCommand>>): string {
  const end = answer.signal === undefined ? `exit code ${answer.code}` : answer.signal;
  const words = lastLines(answer.stderr, 4);
  return `loading it ends the process (${end})${words === "" ? "" : `: ${words}`}`;
}

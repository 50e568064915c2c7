import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isRecord } from "../../runtime/base/is-record.js";
import type { Device } from "../../runtime/engine.js";
import type { LibraryFiles } from "../../runtime/engines/local/library/library-files.js";
import { lastLines, runCommand } from "./run-command.js";

/** Result of loading a library. */
export type CheckResult =
  | { readonly loads: true; readonly version: string }
  | { readonly loads: false; readonly reason: string };

/** Loads a library in a child process, with every function resolved, so that a bad one cannot end this process. */
export async function checkLibrary(library: LibraryFiles, signal?: AbortSignal): Promise<CheckResult> {
  const files = library.framework === undefined ? [library.main] : [library.main, library.framework];
  const result = await probe(files, signal);
  if (!isRecord(result)) return { loads: false, reason: result };
  return typeof result.version === "string"
    ? { loads: true, version: result.version }
    : { loads: false, reason: String(result.reason) };
}

/** Result of loading libraries of operations. */
export type OperationsResult =
  | {
      readonly loads: true;
      /** The version of the TensorFlow library that is in use here. */
      readonly version: string;
      /** The operations that each file registers. */
      readonly operations: readonly (readonly string[])[];
    }
  | { readonly loads: false; readonly reason: string };

/** Loads the library that is in use here, and libraries of operations, in a child process. */
export async function checkOperations(files: readonly string[], signal?: AbortSignal): Promise<OperationsResult> {
  const result = await probe(["--operations", ...files], signal);
  if (!isRecord(result)) return { loads: false, reason: result };
  const { version, operations } = result;
  if (typeof version !== "string" || !Array.isArray(operations)) {
    return { loads: false, reason: String(result.reason) };
  }
  return { loads: true, version, operations: operations.map((names: unknown) => (Array.isArray(names) ? names : [])) };
}

/** Result of looking for devices. */
export interface DevicesResult {
  readonly devices: readonly Device[];
  /** Reasons why no GPU is among them, as far as TensorFlow's library and the driver tell. */
  readonly reasons: readonly string[];
}

/** Lists the devices that the library in use here finds, in a child process. Undefined if it cannot. */
export async function checkDevices(signal?: AbortSignal): Promise<DevicesResult | undefined> {
  const result = await probe(["--devices"], signal);
  if (!isRecord(result) || !Array.isArray(result.devices) || !Array.isArray(result.reasons)) return undefined;
  return { devices: result.devices, reasons: result.reasons };
}

/** Runs probe.ts, and returns its answer, or the reason why there is none. */
async function probe(
  parameters: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, unknown>> | string> {
  const extension = extname(import.meta.url);
  const program = fileURLToPath(new URL(`./probe${extension}`, import.meta.url));
  const answer = await runCommand(process.execPath, [...loaders(extension), program, ...parameters], {
    // Shows the message with which TensorFlow ends a process, for example that the processor lacks AVX. Options
    // in NODE_OPTIONS, such as `--inspect-brk`, would stop the probe.
    env: { SAVEDMODEL_LOG: "1", TF_CPP_MIN_LOG_LEVEL: "0", NODE_OPTIONS: "" },
    signal,
  });
  signal?.throwIfAborted();
  const result = answer.code === 0 ? parse(answer.stdout) : undefined;
  return result ?? crashReason(answer);
}

/** Returns the Node.js options that find and run the probe. */
function loaders(extension: string): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  // With Yarn Plug'n'Play, packages are in archives that only its loader can read.
  const plugAndPlay = process.versions.pnp === undefined ? [] : ["--require", resolve("pnpapi")];
  // In this package's own tests the sources are TypeScript, which Node.js 20 runs only with tsx.
  return extension === ".ts" ? [...plugAndPlay, "--import", pathToFileURL(resolve("tsx")).href] : plugAndPlay;
}

function parse(stdout: string): Readonly<Record<string, unknown>> | undefined {
  const line = /^\{.*\}$/m.exec(stdout)?.[0];
  if (line === undefined) return undefined;
  const value: unknown = JSON.parse(line);
  return isRecord(value) && ("version" in value || "reason" in value) ? value : undefined;
}

function crashReason(answer: Awaited<ReturnType<typeof runCommand>>): string {
  const end = answer.signal === undefined ? `exit code ${answer.code}` : answer.signal;
  const words = lastLines(answer.stderr, 4);
  return `loading it ends the process (${end})${words === "" ? "" : `: ${words}`}`;
}

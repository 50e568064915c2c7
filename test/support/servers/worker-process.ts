import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Finished } from "../cli.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const command = [
  "--import",
  pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href,
  `${root}/generator/cli/main.ts`,
  "worker",
];

/** A server of TensorFlow's runtime, started by `savedmodel worker`. */
export interface WorkerProcess extends AsyncDisposable {
  /** Its address: `grpc://127.0.0.1:2222`. */
  readonly target: string;
  readonly child: ChildProcess;
  /** Sends a signal and waits for the end; of a process that has ended, returns what it has printed. */
  end(signal: NodeJS.Signals): Promise<Finished>;
}

/**
 * Runs `savedmodel worker --json` on the sources until it is ready.
 *
 * @throws Finished if it ends before
 */
export async function startWorker(parameters: readonly string[]): Promise<WorkerProcess> {
  const { FORCE_COLOR: _, COLUMNS: __, ...env } = process.env;
  const child = spawn(process.execPath, [...command, "--json", ...parameters], { env });
  // Also where a test ends before it has the process.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.once("close", (status) => resolve({ status, ...printed }));
  });
  const end = async (signal: NodeJS.Signals): Promise<Finished> => {
    child.kill(signal);
    return await finished;
  };
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", () => printed.stdout.includes("\n") && resolve());
  });
  const early = await Promise.race([ready, finished]);
  if (early !== undefined) throw early;
  const { target } = JSON.parse(printed.stdout) as { readonly target: string };
  return { target, child, end, [Symbol.asyncDispose]: async () => void (await end("SIGKILL")) };
}

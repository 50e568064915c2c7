import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { delimiter } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** Folder of the Python programs that are servers. */
const serverPrograms = fileURLToPath(new URL("../../runtime/engines/remote/servers/", import.meta.url));

/** A server in Python, and what it has printed. */
export type PythonServer = ChildProcess & { readonly output: string };

/** Starts a program in Python, which ends with the test. */
export function startPython(python: string, parameters: readonly string[], cwd: string = serverPrograms): PythonServer {
  let output = "";
  const env = {
    ...process.env,
    PYTHONPATH: serverPrograms,
    TF_CPP_MIN_LOG_LEVEL: "3",
    // Triton starts programs that load Python as a library.
    LD_LIBRARY_PATH: [libraryFolder(python), process.env.LD_LIBRARY_PATH ?? ""].filter(Boolean).join(delimiter),
  };
  const child = spawn(python, parameters, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (output += String(data)));
  // It may have ended already.
  child.stdin?.on("error", () => {});
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    // It ends its own processes before.
    if (!hasEnded() && child.kill("SIGTERM")) await Promise.race([ended, sleep(60_000, undefined, { ref: false })]);
    if (!hasEnded()) child.kill("SIGKILL");
  });
  return Object.defineProperty(child, "output", { get: () => output }) as PythonServer;
}

/** Waits until a server does what it should; fails with its output if it ends before. */
export async function until(server: PythonServer, isReady: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isReady())) {
    if (server.exitCode !== null || server.signalCode !== null) {
      throw new Error(`the server has ended:\n${server.output.slice(-4000)}`);
    }
    await sleep(200);
  }
}

function libraryFolder(python: string): string {
  const program = "import sysconfig; print(sysconfig.get_config_var('LIBDIR') or '')";
  return execFileSync(python, ["-c", program], { encoding: "utf8" }).trim();
}

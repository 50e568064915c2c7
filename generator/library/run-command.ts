import { spawn } from "node:child_process";

/** Result of a command. */
export interface CommandResult {
  /** Exit code; undefined when the command could not be started or was ended by a signal. */
  readonly code: number | undefined;
  /** Signal that ended the command, such as `SIGSEGV`. */
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runCommand}. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
  readonly onOutput?: (stdout: string) => void;
}

/**
 * Runs a command without a shell and without a terminal. Never rejects: a command that does not exist has no exit code.
 */
export function runCommand(
  command: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, parameters, {
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    options.onOutput?.(stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.on("error", () => {
      // An aborted command reports an error too, and is then awaited, so that it writes nothing after its end.
      if (child.pid === undefined) resolve({ code: undefined, signal: undefined, stdout, stderr });
    });
    child.on("close", (code, signal) => {
      resolve({ code: code ?? undefined, signal: signal ?? undefined, stdout, stderr });
    });
  });
}

/** Returns the last lines of a command's output, without the passwords that URLs may contain. */
export function lastLines(text: string, count: number): string {
  return withoutCredentials(text)
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-count)
    .join("\n");
}

/** Replaces the user and password of every URL by `***`. */
function withoutCredentials(text: string): string {
  return text.replace(/\b(\w+:\/\/)[^\s/@]+@/g, "$1***@");
}

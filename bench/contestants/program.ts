import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Contestant, Entry, Sample } from "./case.js";

/** Command that starts a program. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Milliseconds without an answer after which a program is ended. */
const SILENCE_LIMIT = 120_000;
const STDERR_KEPT = 2000;

/**
 * A process that measures its own calls. When it is ready it prints a line of JSON; then it answers each line `case
 * calls` of its standard input with a line of JSON. So the rounds of several programs can alternate while all of them
 * are warm.
 */
class Program {
  readonly #command: Command;
  readonly #directory: string;
  #run: RunningProgram;

  private constructor(command: Command, directory: string, run: RunningProgram) {
    this.#command = command;
    this.#directory = directory;
    this.#run = run;
  }

  /** Starts a program in the repository's folder and waits until it is ready. */
  static async start(command: Command, directory: string): Promise<Program> {
    return new Program(command, directory, await RunningProgram.start(command, directory));
  }

  /** Returns the contestant that runs one of the program's cases. */
  contestant(name: string, caseName: string): Contestant {
    return { name, run: (calls) => this.#run.measure(caseName, calls), program: this };
  }

  /** Waits for the end of the program, and starts it again. */
  async restart(): Promise<void> {
    await this.stop();
    this.#run = await RunningProgram.start(this.#command, this.#directory);
  }

  /** Waits for the end of the program. */
  async stop(): Promise<void> {
    await this.#run.stop();
  }
}

class RunningProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #stderr: () => string;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, stderr: () => string) {
    this.#child = child;
    this.#lines = lines;
    this.#stderr = stderr;
  }

  static async start({ file, args, env }: Command, directory: string): Promise<RunningProgram> {
    const child = spawn(file, args, {
      cwd: directory,
      env: { ...process.env, ...env, TF_CPP_MIN_LOG_LEVEL: "2" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT);
    });
    // A program that ended is detected by the missing answer.
    child.stdin.on("error", () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await once(child, "spawn");
    await nextAnswer(child, lines, () => stderr);
    return new RunningProgram(child, lines, () => stderr);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.stdin.end();
    await exit;
  }

  async measure(caseName: string, calls: number): Promise<Sample> {
    this.#child.stdin.write(`${caseName} ${calls}\n`);
    const { median, p99, error } = await nextAnswer(this.#child, this.#lines, this.#stderr);
    if (typeof error === "string") throw new Error(error);
    if (typeof median !== "number" || typeof p99 !== "number") throw new Error("a program answered without figures");
    return { median, p99 };
  }
}

async function nextAnswer(
  child: ChildProcessWithoutNullStreams,
  lines: AsyncIterator<string>,
  stderr: () => string,
): Promise<Record<string, unknown>> {
  const silence = setTimeout(() => child.kill("SIGKILL"), SILENCE_LIMIT);
  try {
    const line = await lines.next();
    if (line.done !== true) return JSON.parse(line.value) as Record<string, unknown>;
  } finally {
    clearTimeout(silence);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  const reason = stderr().trim().split("\n").at(-1) || "nothing on stderr";
  throw new Error(`ended with ${child.signalCode ?? child.exitCode}: ${reason}`);
}

/** A program that takes part if it starts; the programs of one model are started together. */
export interface Team {
  /** Returns the program's contestant for a case, or the reason why there is none. */
  readonly entry: (name: string, caseName: string) => Entry;
  readonly program: Program | undefined;
}

/** Starts a program; without a command, returns the reason. */
export async function startTeam(command: Command | { readonly absent: string }, directory: string): Promise<Team> {
  if ("absent" in command) return absentTeam(command.absent);
  try {
    const program = await Program.start(command, directory);
    return { program, entry: (name, caseName) => program.contestant(name, caseName) };
  } catch (error) {
    return absentTeam(error instanceof Error ? error.message : String(error));
  }
}

function absentTeam(absent: string): Team {
  return { program: undefined, entry: (name) => ({ name, absent }) };
}

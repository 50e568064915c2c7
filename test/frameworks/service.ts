import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { onTestFinished } from "vitest";
import { usersEnvironment } from "./project.js";

/** A program that serves HTTP. */
export interface Service {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Resolves with its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Output so far, without colors: some programs write them into a pipe too, where the environment names a CI. */
  readonly output: () => string;
}

/**
 * Starts a program with Node, on a port that is free, and waits until it prints its address. It ends with the test.
 *
 * @param program the program, or it and its parameters
 */
export async function startService(
  folder: string,
  program: string | readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const child = spawn(process.execPath, [program].flat(), {
    cwd: folder,
    env: usersEnvironment({ PORT: "0", ...environment }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const output = collect(child);
  const port = Number(await firstMatch(child, exited, output, /http:\/\/127\.0\.0\.1:(\d+)/));
  return { url: `http://127.0.0.1:${port}`, port, exited, signal: (signal) => child.kill(signal), output };
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return () => stripVTControlCharacters(text);
}

async function firstMatch(
  child: ChildProcess,
  exited: Promise<unknown>,
  output: () => string,
  pattern: RegExp,
): Promise<string> {
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  for (;;) {
    const [, match] = output().match(pattern) ?? [];
    if (match !== undefined) return match;
    if (isOver) throw new Error(`it ended before it was ready:\n${output()}`);
    await Promise.race([exited, ...[child.stdout, child.stderr].map((stream) => stream && once(stream, "data"))]);
  }
}

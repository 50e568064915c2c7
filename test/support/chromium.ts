import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { tempFolder } from "./temp.js";

/** The program of Chromium: what the environment variable CHROMIUM names, or else in the path; undefined if there is none. */
export const chromium: string | undefined = findChromium();

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const named = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return [process.env.CHROMIUM ?? "", ...named].find((path) => path !== "" && existsSync(path));
}

interface Reply {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: Readonly<Record<string, unknown>>;
}

/** Commands of the DevTools protocol, through the pipes of `--remote-debugging-pipe`: JSON that ends with a NUL. */
class DevTools {
  readonly #input: Writable;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #child: ChildProcess;
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    const [, , , input, output] = child.stdio;
    this.#input = input as Writable;
    let rest = "";
    (output as Readable).setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) {
        const reply = JSON.parse(message) as Reply;
        this.#waiting.get(reply.id ?? -1)?.(reply);
      }
    });
  }

  async send(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#last;
    const replied = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    const ended = once(this.#child, "exit").then((): Reply => ({ error: { message: "Chromium has ended" } }));
    const { error, result } = await Promise.race([replied, ended]);
    this.#waiting.delete(id);
    if (result === undefined) throw new Error(`${method}: ${error?.message}`);
    return result;
  }
}

/**
 * Opens a page in headless Chromium, and returns the result of a program in it once that is not null. It ends with the test.
 *
 * @param program an expression in JavaScript
 */
export async function whenInPage(url: string, program: string): Promise<unknown> {
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  const parameters = [...flags, `--user-data-dir=${tempFolder()}`, "--remote-debugging-pipe", "about:blank"];
  const child = spawn(chromium ?? "", parameters, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  child.setMaxListeners(0);
  const tools = new DevTools(child);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    // Ends its other processes too, which would go on writing to the folder.
    tools.send("Browser.close", {}).catch(() => child.kill("SIGKILL"));
    await ended;
  });
  const { targetId } = await tools.send("Target.createTarget", { url });
  const { sessionId } = await tools.send("Target.attachToTarget", { targetId, flatten: true });
  for (;;) {
    const evaluated = await tools.send(
      "Runtime.evaluate",
      { expression: program, returnByValue: true },
      `${sessionId}`,
    );
    const { value } = evaluated.result as { readonly value?: unknown };
    if (value !== undefined && value !== null) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

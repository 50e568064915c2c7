import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

/** The server's response to a request. */
interface Response {
  readonly type: string;
  readonly request_seq: number;
  readonly success: boolean;
  readonly message?: string;
}

/** TypeScript's own server for editors, `tsserver`, with one file open in it. */
export class LanguageServer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #file: string;
  /** Number of the edited line: the last one. */
  readonly #line: number;
  readonly #waiting: Map<number, { resolve(response: Response): void; reject(error: Error): void }> = new Map();
  #sequence = 0;

  /** @param program the path of `tsserver.js` */
  constructor(program: string, file: string) {
    const args = [program, "--disableAutomaticTypingAcquisition", "--suppressDiagnosticEvents"];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
    this.#file = file;
    this.#line = readFileSync(file, "utf8").split("\n").length;
    this.#child.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("tsserver ended without an answer"));
    });
    let rest = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      // Each message is a line behind a header; the last piece may be a part of one.
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("{")) this.#receive(JSON.parse(line) as Response);
    });
    this.#send("configure", { preferences: { includeCompletionsForModuleExports: true } });
    this.#send("open", { file });
  }

  /** Replaces the last line of the file, and sends a request about a place in it, counted from 0. */
  async ask(line: string, request: string, place: number): Promise<void> {
    const end = { endLine: this.#line + 1, endOffset: 1 };
    this.#send("change", { file: this.#file, line: this.#line, offset: 1, ...end, insertString: line });
    const seq = this.#send(request, { file: this.#file, line: this.#line, offset: place + 1 });
    const response = await new Promise<Response>((resolve, reject) => this.#waiting.set(seq, { resolve, reject }));
    if (!response.success) throw new Error(`tsserver refused ${request}: ${response.message}`);
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#send("exit", {});
    await exit;
  }

  #send(command: string, args: object): number {
    const seq = ++this.#sequence;
    this.#child.stdin.write(`${JSON.stringify({ seq, type: "request", command, arguments: args })}\n`);
    return seq;
  }

  #receive(response: Response): void {
    if (response.type !== "response") return;
    this.#waiting.get(response.request_seq)?.resolve(response);
    this.#waiting.delete(response.request_seq);
  }
}

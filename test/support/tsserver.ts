import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** One answer of the server; what is in `body` depends on the command. */
interface Answer {
  readonly type: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

/** The requests of an editor at a place in a file, marked by `|`. */
export type Question = "completions" | "quickInfo" | "diagnostics";

const COMMANDS: Readonly<Record<Question, string>> = {
  completions: "completionInfo",
  quickInfo: "quickinfo",
  diagnostics: "semanticDiagnosticsSync",
};

/**
 * Asks the language server of the TypeScript that a project has installed, as editors do: over its protocol, with the
 * project's own tsconfig.json. A file need not be as it is on the disk: its text comes with the question.
 *
 * @returns for each question what is shown: the names of completions, the text of a quick info, the errors
 */
export function askTsserver(
  project: string,
  file: string,
  questions: readonly (readonly [question: Question, code: string])[],
): readonly string[] {
  const path = join(project, file);
  const requests = questions.flatMap(([question, code]) => [
    { command: "open", arguments: { file: path, fileContent: code.replace("|", ""), projectRootPath: project } },
    { command: COMMANDS[question], arguments: { file: path, ...placeOf(code) } },
    { command: "close", arguments: { file: path } },
  ]);
  const input = requests.map((request, seq) => `${JSON.stringify({ seq, type: "request", ...request })}\n`).join("");
  const server = join(project, "node_modules/typescript/bin/tsserver");
  const parameters = [server, "--disableAutomaticTypingAcquisition", "--suppressDiagnosticEvents"];
  const { error, stdout } = spawnSync(process.execPath, parameters, { cwd: project, input, encoding: "utf8" });
  if (error !== undefined) throw error;
  const wanted = Object.values(COMMANDS);
  const answers = messages(stdout).filter(({ type, command }) => type === "response" && wanted.includes(`${command}`));
  if (answers.length !== questions.length) throw new Error(`the server left questions open:\n${stdout}`);
  return answers.map(({ success, message, body }, index) => {
    if (success !== true) throw new Error(`tsserver: ${message}`);
    return shown(questions[index]?.[0], body);
  });
}

/** Each message comes after a header with its length, and is a line. */
function messages(output: string): readonly Answer[] {
  return output
    .split(/\r?\n/)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Answer);
}

/** Lines and columns count from 1. */
function placeOf(code: string): { readonly line: number; readonly offset: number } {
  const lines = code.slice(0, Math.max(0, code.indexOf("|"))).split("\n");
  return { line: lines.length, offset: (lines.at(-1) ?? "").length + 1 };
}

function shown(question: Question | undefined, body: unknown): string {
  switch (question) {
    case "completions":
      return (body as { entries: { name: string; kind: string }[] }).entries
        .map(({ name, kind }) => `${name}: ${kind}`)
        .join("\n");
    case "quickInfo": {
      const { displayString, documentation, tags } = body as {
        readonly displayString: string;
        readonly documentation: string;
        readonly tags: readonly { readonly name: string; readonly text?: string }[];
      };
      return [displayString, documentation, ...tags.map(({ name, text }) => `@${name} ${text}`)].join("\n");
    }
    default:
      return (body as { text: string; code: number }[]).map(({ text, code }) => `TS${code}: ${text}`).join("\n");
  }
}

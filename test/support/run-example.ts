import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { distFile } from "./dist.js";
import type { Block } from "./documents.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Files that programs of documents read. */
const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "type": "module" }\n',
  "tsconfig.json": '{ "compilerOptions": { "target": "es2022", "module": "nodenext" } }\n',
  "savedmodel.config.json": '{ "models": ["models/custom_model"] }\n',
  "houses.csv": "size,rooms,price\n50,2,100\n80,3,170\n110,4,220\n60,2,115\n95,4,200\n",
};

/** Where the models of examples are taken from; a later one wins. */
const MODELS = ["test/models", "examples/models"] as const;

/**
 * A new folder laid out as documents say: models in `models/`, clients that were generated from them in `generated/`, and
 * the built package in `node_modules`. Whoever asks for it removes it.
 */
export function exampleProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-examples-"));
  const names = MODELS.flatMap((from) => copyModels(join(root, from), join(folder, "models")));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/savedmodel"), "junction");
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const main = distFile("generator/cli/main.js");
  const models = names.map((name) => `models/${name}`);
  execFileSync(process.execPath, [main, "generate", ...models, "-o", "generated"], { cwd: folder });
  return folder;
}

function copyModels(from: string, to: string): readonly string[] {
  const names = readdirSync(from, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(from, entry.name)).includes("saved_model.pb"))
    .map(({ name }) => name);
  for (const name of names) cpSync(join(from, name), join(to, name), { recursive: true });
  return names;
}

/** Output and end of a program. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** A program of a document that runs in an {@link exampleProject}. */
export interface RunningExample {
  /** Output so far. */
  readonly stdout: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Printed>;
}

/** Starts a block's code as a program of its own. */
export function startExample(
  folder: string,
  { line }: Block,
  code: string,
  env: NodeJS.ProcessEnv = {},
): RunningExample {
  const file = join(folder, `example-${line}.ts`);
  writeFileSync(file, code);
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--import", tsx, file], { cwd: folder, env: { ...inherited, ...env } });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const ended = new Promise<Printed>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...output, status }));
  });
  return { stdout: () => output.stdout, kill: (signal) => child.kill(signal), ended };
}

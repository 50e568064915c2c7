import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { generate } from "../../generator/index.js";
import { Model } from "../../runtime/index.js";
import { typeErrors } from "../support/typescript.js";
import type { Python } from "./environment.js";
import { type GuideTraining, guideTrainings } from "./guide-trainings.js";
import { record } from "./record.js";
import { verify } from "./verify.js";

/** A program of the guide, which writes `models/<name>`, and the TypeScript below it. */
interface Block {
  readonly name: string;
  readonly python: string;
  readonly typescript: string;
}

/** Runs what docs/authoring.md shows, and trains its models; how many of them do not do what the guide says. */
export async function checkGuide(python: Python, guide: string, folder: string): Promise<number> {
  const blocks = readBlocks(readFileSync(guide, "utf8"));
  const names = blocks.map(({ name }) => name);
  const trained = guideTrainings.map(({ model }) => model);
  if (`${names}` !== `${trained}`) throw new Error(`the guide has ${names}, its trainings are ${trained}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "generated"), { recursive: true });
  for (const { name, python: program } of blocks) writeFileSync(join(folder, `${name}.py`), program);
  const script = fileURLToPath(new URL("guide.py", import.meta.url));
  const { status } = spawnSync(python.command, [script, folder, ...names], { stdio: "inherit", env: python.env });
  if (status !== 0) return blocks.length;

  const clients = names.map((name) => generateClient(folder, name));
  const errors = compileErrors(blocks, clients);
  for (const error of errors) console.log(`FAIL  ${error}`);
  let failed = errors.length;
  for (const block of blocks) if (!runTypeScript(folder, block)) failed++;
  for (const [index, training] of guideTrainings.entries()) {
    const client = clients[index];
    if (client === undefined || !(await trainsAndAgrees(python, folder, training, client))) failed++;
  }
  return failed;
}

/** The blocks of Python, each with the blocks of TypeScript up to the next. */
function readBlocks(text: string): readonly Block[] {
  const [, ...parts] = text.split(/^```python\n/m);
  return parts.map((part) => {
    const end = part.indexOf("\n```\n");
    const python = part.slice(0, end + 1);
    const name = /"models\/(\w+)"/.exec(python)?.[1];
    if (name === undefined) throw new Error(`a program of the guide writes no models/<name>:\n${python}`);
    const typescript = Array.from(part.slice(end).matchAll(/^```ts ignore\n(.*?)^```/gms), ([, code = ""]) => code);
    if (typescript.length > 1) throw new Error(`there are several programs in TypeScript for models/${name}`);
    return { name, python, typescript: typescript[0] ?? "" };
  });
}

interface Client {
  readonly className: string;
  readonly fileName: string;
  readonly text: string;
}

function generateClient(folder: string, name: string): Client {
  const outputFolder = join(folder, "generated");
  const client = generate(join(folder, "models", name), { outputFolder });
  writeFileSync(join(outputFolder, client.fileName), client.text);
  return client;
}

/** Returns the compiler's errors for the clients and the guide's programs. */
function compileErrors(blocks: readonly Block[], clients: readonly Client[]): readonly string[] {
  const programs = blocks.map(({ name, typescript }) => [
    `guide-${name}.ts`,
    `${typescript.replaceAll('"./generated/', '"./')}\nexport {};\n`,
  ]);
  return typeErrors(Object.fromEntries([...clients.map(({ fileName, text }) => [fileName, text]), ...programs]));
}

/** Runs a program of the guide as its reader would, below the models. */
function runTypeScript(folder: string, { name, typescript }: Block): boolean {
  if (typescript === "") return true;
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, typescript);
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const { status } = spawnSync(process.execPath, ["--import", loader, file], { stdio: "inherit", cwd: folder });
  console.log(`${status === 0 ? "ok   " : "FAIL "} ${name}.ts`);
  return status === 0;
}

/** Trains with the generated client, saves, and continues the same training in Python. */
async function trainsAndAgrees(
  python: Python,
  folder: string,
  { model: name, steps, inputs, clientInputs, compare }: GuideTraining,
  { className, fileName }: Client,
): Promise<boolean> {
  const original = join(folder, "models", name);
  const saved = join(folder, "saved", name);
  const module = (await import(pathToFileURL(join(folder, "generated", fileName)).href)) as Record<
    string,
    typeof Model
  >;
  const client = module[className];
  if (client === undefined) throw new Error(`${fileName} exports no ${className}`);
  using model = client.load(original);
  const losses = Array.from({ length: steps }, () =>
    Number(model.run("train", clientInputs ?? inputs).loss?.toArray()),
  );
  const [first = Number.NaN] = losses;
  const last = losses.at(-1) ?? Number.NaN;
  const falls = last < first / 2;
  console.log(`${falls ? "ok   " : "FAIL "} ${name}: the loss goes from ${first} to ${last} in ${steps} steps`);
  model.save(saved);
  // Goldens have the loose components, which a model without a client takes.
  using loose = clientInputs && Model.load(saved);
  const calls = compare.map(({ signature, inputs }) => record(loose ?? model, signature, inputs));
  return verify(python, { name, saved, original, title: `after ${steps} steps`, calls }) && falls;
}

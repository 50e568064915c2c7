import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Config } from "../../../generator/config/config.js";
import {
  type ProjectChange,
  type WatchOptions,
  watchConfigFile,
  watchProject,
} from "../../../generator/watch/watch-project.js";
import { Watcher } from "../../../generator/watch/watcher.js";
import { putInPlace } from "../../../runtime/engines/local/save/exchange-folders.js";
import { distFile } from "../../support/dist.js";
import { encodeModel, type ModelFields, writeModel } from "../../support/saved-model.js";
import { tempFolder } from "../../support/temp.js";

/** Ends a wait that would never end; no test is about time. */
const WAIT = { timeout: 600_000, interval: 20 };

/** A model whose only signature has this name. */
function modelWith(key: string): ModelFields {
  const tensor = { dtype: 1, shape: [1], tensor: "x:0" };
  const signature = { key, methodName: "tensorflow/serving/predict" };
  return {
    tags: ["serve"],
    tensorflowVersion: "2.21.0",
    signatures: [{ ...signature, inputs: [{ key: "x", ...tensor }], outputs: [{ key: "y", ...tensor }] }],
  };
}

interface Watched {
  readonly root: string;
  readonly changes: readonly ProjectChange[];
  /** The text of a client. */
  readonly client: (name: string) => string;
  /** Ends the watch, and waits until it has ended. */
  readonly end: () => Promise<void>;
}

/** Watches a folder with a model `a` whose signature is `first`, until the test ends. */
async function watched(config: Config = { models: ["models/a"] }): Promise<Watched> {
  const root = tempFolder();
  writeFileSync(join(root, "package.json"), "{}");
  writeModel(join(root, "models/a"), modelWith("first"));
  const controller = new AbortController();
  const changes: ProjectChange[] = [];
  const onChange = (change: ProjectChange): void => void changes.push(change);
  const ended = watchProject(config, root, { signal: controller.signal, onChange });
  const end = async (): Promise<void> => {
    controller.abort();
    await ended;
  };
  onTestFinished(end);
  const client = (name: string): string => readFileSync(join(root, "generated", name), "utf8");
  await vi.waitFor(() => expect(changes).toHaveLength(1), WAIT);
  return { root, changes, client, end };
}

function errorsOf(changes: readonly ProjectChange[]): readonly string[] {
  return changes.flatMap(({ errors }) => errors.map(({ code }) => code));
}

it("watch generates at the start", async () => {
  const { changes, client } = await watched();
  expect(client("a.ts")).toContain("first(");
  expect(changes.map(({ files }) => files.map(({ file, change }) => [file.path, change]))).toEqual([
    [["generated/a.ts", "created"]],
  ]);
});

it("watch writes the last of fifty quick exports, and generates no more often than there were exports", async () => {
  const { root, changes, client } = await watched();
  for (let index = 1; index <= 50; index++) {
    writeModel(join(root, "models/a"), modelWith(`export_${index}`));
    // Lets the watch look in between.
    await new Promise((resolve) => setTimeout(resolve, index % 10));
  }
  await vi.waitFor(() => expect(client("a.ts")).toContain("export50("), WAIT);
  expect(changes.length).toBeLessThanOrEqual(51);
  expect(errorsOf(changes)).toEqual([]);
});

it("watch detects each exchange of a folder", async () => {
  const { root, changes, client } = await watched();
  for (const key of ["second", "third", "fourth"]) {
    const scratch = join(root, "models/.scratch");
    writeModel(join(scratch, "new"), modelWith(key));
    putInPlace(join(root, "models/a"), join(scratch, "new"), scratch);
    rmSync(scratch, { recursive: true });
    await vi.waitFor(() => expect(client("a.ts")).toContain(`${key}(`), WAIT);
  }
  expect(changes).toHaveLength(4);
});

it("watch waits for a deleted model, and keeps its client", async () => {
  const { root, changes, client } = await watched();
  rmSync(join(root, "models/a"), { recursive: true });
  await vi.waitFor(() => expect(errorsOf(changes)).toEqual(["MODEL_NOT_FOUND"]), WAIT);
  expect(client("a.ts")).toContain("first(");

  writeModel(join(root, "models/a"), modelWith("second"));
  await vi.waitFor(() => expect(client("a.ts")).toContain("second("), WAIT);
  expect(changes.at(-1)).toMatchObject({ errors: [], broken: 0 });
});

it("watch reports a broken model once, keeps its client, and recovers", async () => {
  const { root, changes, client } = await watched();
  const file = join(root, "models/a/saved_model.pb");
  const whole = encodeModel(modelWith("second"));
  for (const length of [10, 20]) {
    writeFileSync(file, whole.subarray(0, length));
    const seen = changes.length;
    await vi.waitFor(() => expect(changes.length).toBeGreaterThan(seen), WAIT);
  }
  expect(errorsOf(changes)).toEqual(["MODEL_CORRUPT"]);
  expect(changes.at(-1)).toMatchObject({ files: [], errors: [], broken: 1 });
  expect(client("a.ts")).toContain("first(");

  writeFileSync(file, whole);
  await vi.waitFor(() => expect(client("a.ts")).toContain("second("), WAIT);
  expect(changes.at(-1)?.broken).toBe(0);
});

it("watch does not treat an incomplete save as a broken model", async () => {
  const root = tempFolder();
  const file = join(root, "a/saved_model.pb");
  const whole = encodeModel(modelWith("first"));
  mkdirSync(join(root, "a"));
  const watcher = new Watcher({ config: { models: ["a"] }, root }, undefined);
  for (const length of [0, 10, 20, 30]) {
    writeFileSync(file, whole.subarray(0, length));
    // By the watch's own clock each piece is there for longer than it takes for a file to be at rest.
    for (const look of [0, 300, 600, 900]) expect(await watcher.step(length * 1000 + look)).toBeUndefined();
  }
  writeFileSync(file, whole);
  expect(await watcher.step(40_000)).toMatchObject({ errors: [], broken: 0, files: [{ change: "created" }] });
  expect(await watcher.step(50_000)).toBeUndefined();
});

it("watch keeps other models up to date while one is broken", async () => {
  const { root, changes, client } = await watched({ models: ["models/a", "models/b"], index: true });
  await vi.waitFor(() => expect(errorsOf(changes)).toEqual(["MODEL_NOT_FOUND"]), WAIT);
  expect(client("a.ts")).toContain("first(");
  expect(existsSync(join(root, "generated/index.ts"))).toBe(false);

  writeModel(join(root, "models/a"), modelWith("second"));
  await vi.waitFor(() => expect(client("a.ts")).toContain("second("), WAIT);
  writeModel(join(root, "models/b"), modelWith("other"));
  await vi.waitFor(() => expect(client("index.ts")).toContain("b.js"), WAIT);
});

it("watch detects new folders that match a pattern, and ignores its own output", async () => {
  const { root, changes, client } = await watched({ models: ["**"], output: "models/a/generated" });
  const first = join(root, "models/a/generated/a.ts");
  writeModel(join(root, "more/b"), modelWith("other"));
  const second = join(root, "models/a/generated/b.ts");
  await vi.waitFor(() => expect(existsSync(second)).toBe(true), WAIT);
  // A watch that detected its own file would continue; another change is the end of its queue.
  rmSync(join(root, "more"), { recursive: true });
  writeModel(join(root, "models/a"), modelWith("last"));
  await vi.waitFor(() => expect(readFileSync(first, "utf8")).toContain("last("), WAIT);
  expect(changes.length).toBeLessThanOrEqual(4);
  expect(() => client("a.ts")).toThrow("ENOENT");
});

it("watch does not write a file whose content is unchanged", async () => {
  const { root, changes } = await watched();
  const before = statSync(join(root, "generated/a.ts"), { bigint: true });
  renameSync(join(root, "models/a"), join(root, "models/old"));
  cpSync(join(root, "models/old"), join(root, "models/a"), { recursive: true });
  await vi.waitFor(() => expect(changes).toHaveLength(2), WAIT);
  expect(changes[1]?.files.map(({ change }) => change)).toEqual(["unchanged"]);
  const after = statSync(join(root, "generated/a.ts"), { bigint: true });
  expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
});

it("watch restores deleted files, and keeps edited ones", async () => {
  const { root, changes, client } = await watched({ models: ["models/a", "models/b"], output: "generated" });
  writeModel(join(root, "models/b"), modelWith("other"));
  await vi.waitFor(() => expect(existsSync(join(root, "generated/b.ts"))).toBe(true), WAIT);
  const seen = changes.length;
  const edited = `${client("a.ts")}// edited\n`;
  writeFileSync(join(root, "generated/a.ts"), edited);
  rmSync(join(root, "generated/b.ts"));
  await vi.waitFor(() => expect(changes.length).toBeGreaterThan(seen), WAIT);
  expect(changes.at(-1)?.files.map(({ file, change }) => [file.path, change])).toEqual([["generated/b.ts", "created"]]);
  expect(client("a.ts")).toBe(edited);
  rmSync(join(root, "generated"), { recursive: true });
  await vi.waitFor(() => expect(client("b.ts")).toContain("other("), WAIT);
  expect(client("a.ts")).toContain("first(");
});

it("watch continues when a file that was in the way is gone", async () => {
  const root = tempFolder();
  writeModel(join(root, "a"), modelWith("first"));
  mkdirSync(join(root, "generated"));
  const file = join(root, "generated/a.ts");
  writeFileSync(file, "// mine\n");
  const watcher = new Watcher({ config: { models: ["a"] }, root }, undefined);
  // An error that was reported is not reported again while it lasts.
  expect(await watcher.step(0)).toMatchObject({ broken: 1, errors: [{ code: "OUTPUT_CONFLICT" }] });
  for (const now of [1000, 2000, 3000]) expect(await watcher.step(now)).toBeUndefined();
  rmSync(file);
  expect(await watcher.step(4000)).toMatchObject({ broken: 0, files: [{ change: "created" }] });
  expect(await watcher.step(5000)).toBeUndefined();
});

it("watch does not overwrite a file that it did not generate", async () => {
  const root = tempFolder();
  writeModel(join(root, "models/a"), modelWith("first"));
  mkdirSync(join(root, "generated"));
  writeFileSync(join(root, "generated/a.ts"), "// mine\n");
  const controller = new AbortController();
  const changes: ProjectChange[] = [];
  const onChange = (change: ProjectChange): void => {
    changes.push(change);
    controller.abort();
  };
  await watchProject({ models: ["models/*"] }, root, { signal: controller.signal, onChange });
  expect(errorsOf(changes)).toEqual(["OUTPUT_CONFLICT"]);
  expect(readFileSync(join(root, "generated/a.ts"), "utf8")).toBe("// mine\n");
});

it("watch follows the configuration file, even if it is broken for a while", async () => {
  const root = tempFolder();
  const file = join(root, "savedmodel.config.json");
  const configure = (config: object | string): void =>
    writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  for (const name of ["a", "b"]) writeModel(join(root, "models", name), modelWith(name));
  configure({ models: ["models/a"], output: "one" });
  const controller = new AbortController();
  const changes: ProjectChange[] = [];
  const onChange = (change: ProjectChange): void => void changes.push(change);
  const ended = watchConfigFile(file, { signal: controller.signal, onChange });
  await vi.waitFor(() => expect(existsSync(join(root, "one/a.ts"))).toBe(true), WAIT);
  configure("{");
  await vi.waitFor(() => expect(errorsOf(changes)).toEqual(["CONFIG_INVALID"]), WAIT);
  configure({ models: ["models/*"], output: "two" });
  await vi.waitFor(() => expect(existsSync(join(root, "two/b.ts"))).toBe(true), WAIT);
  expect(existsSync(join(root, "one/b.ts"))).toBe(false);
  controller.abort();
  await ended;
});

it("watch ends when the signal aborts, and leaves no timer", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const { root, changes, end } = await watched();
  await end();
  expect(timers()).toBe(before);

  const onChange = (): void => expect.unreachable();
  await watchProject({ models: ["models/a"] }, root, { signal: AbortSignal.abort(), onChange });
  expect(changes).toHaveLength(1);
});

it.each([
  ["an unknown option", { models: [] }, { interval: 1 }, "INVALID_OPTION"],
  ["a wrong configuration", { model: [] }, {}, "CONFIG_INVALID"],
])("watch rejects %s", async (_, config, options, code) => {
  await expect(watchProject(config as unknown as Config, ".", options as WatchOptions)).rejects.toMatchObject({ code });
});

it.each(["SIGINT", "SIGTERM"] as const)("savedmodel watch exits with 0 at %s", async (signal) => {
  const root = tempFolder();
  writeModel(join(root, "models/a"), modelWith("first"));
  writeFileSync(join(root, "savedmodel.config.json"), JSON.stringify({ models: ["models/*"] }));
  const main = distFile("generator/cli/main.js");
  const child = spawn(process.execPath, [main, "watch"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  await vi.waitFor(() => expect(output).toContain("Ctrl+C"), WAIT);
  expect(output).toContain("created generated/a.ts  A: first\n");
  child.kill(signal);
  expect(await once(child, "exit")).toEqual([0, null]);
});

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCsv, readNpz } from "savedmodel/data";
import { describe, expect, it } from "vitest";
import { inspect, loadConfig } from "../../../generator/index.js";
import { readRegularFile, UnreadableFile } from "../../../runtime/base/regular-file.js";
import { Model } from "../../../runtime/index.js";
import { savedmodel } from "../../support/cli.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { IS_WINDOWS, isWindows, needs, ONLY_LINUX } from "../../support/needs.js";
import { copyOfModel, tempFolder } from "../../support/temp.js";

/** Irregular files at a path: opening or reading any of them could block or never end. */
const IRREGULAR: readonly (readonly [kind: string, make: (path: string) => void])[] = [
  ["a FIFO", (path) => execFileSync("mkfifo", [path])],
  ["a device", (path) => symlinkSync("/dev/zero", path)],
  ["a directory", (path) => mkdirSync(path)],
];

describe.each(IRREGULAR)("%s", (kind, make) => {
  needs(!isWindows, IS_WINDOWS);
  it("is rejected in place of saved_model.pb", () => {
    const folder = tempFolder();
    make(join(folder, "saved_model.pb"));
    expect(expectError(() => inspect(folder), "NOT_A_SAVED_MODEL").message).toContain("is not a regular file");
    expectError(() => Model.load(folder), "NOT_A_SAVED_MODEL");
  });

  it("is ignored in place of fingerprint.pb", () => {
    const folder = copyOfModel("counter");
    rmSync(join(folder, "fingerprint.pb"), { force: true });
    make(join(folder, "fingerprint.pb"));
    expect(inspect(folder).fingerprint).toBeUndefined();
  });

  it("cannot be read in place of a data file", async () => {
    const folder = tempFolder();
    for (const [name, read] of [
      ["a.csv", readCsv],
      ["a.npz", readNpz],
    ] as const) {
      make(join(folder, name));
      const { message } = await expectRejection(read(join(folder, name)) as Promise<unknown>, "READ_FAILED");
      expect(message).toContain(`it is ${kind}, not a regular file`);
    }
  });

  it("cannot be read in place of a configuration", async () => {
    const folder = tempFolder();
    const file = join(folder, "savedmodel.config.json");
    make(file);
    const { message } = await expectRejection(loadConfig(folder, file), "CONFIG_INVALID");
    expect(message).toContain(`it is ${kind}, not a regular file`);
  });

  it("cannot be read in place of an input of a run", () => {
    const folder = tempFolder();
    const file = join(folder, "x.json");
    make(file);
    const { status, stderr } = savedmodel([
      "run",
      copyOfModel("counter"),
      "--signature",
      "increment",
      "--input",
      `by=${file}`,
    ]);
    expect(stderr).toContain("INVALID_OPTION");
    expect(stderr.replaceAll(/\s+/g, " ")).toContain(`it is ${kind}, not a regular file`);
    expect(status).toBe(2);
  });
});

describe("special files among a model's variables", () => {
  needs(!isWindows, IS_WINDOWS);
  it.each(IRREGULAR.slice(0, 2))(
    "a special file among a model's variables is detected before TensorFlow reads it: %s",
    (kind, make) => {
      const folder = copyOfModel("counter");
      const file = join(folder, "variables", "variables.index");
      rmSync(file);
      make(file);
      expect(expectError(() => Model.load(folder), "LOAD_FAILED").message).toContain(`is ${kind}, not a regular file`);
    },
  );

  it("a special file is detected before a checkpoint is restored", () => {
    using model = Model.load(copyOfModel("counter"));
    const prefix = join(tempFolder(), "checkpoint");
    writeFileSync(`${prefix}.data-00000-of-00001`, "");
    execFileSync("mkfifo", [`${prefix}.index`]);
    expect(expectError(() => model.restore(prefix), "VARIABLES_NOT_FOUND").message).toContain("is a FIFO");
  });
});

describe("a link into /proc", () => {
  needs(process.platform === "linux", ONLY_LINUX);
  it("a link into /proc has no bytes, however much could be read there", async () => {
    const folder = tempFolder();
    symlinkSync("/proc/self/pagemap", join(folder, "saved_model.pb"));
    expect(expectError(() => inspect(folder), "MODEL_CORRUPT").message).toContain("is empty");
    symlinkSync("/proc/self/pagemap", join(folder, "a.csv"));
    expect((await expectRejection(readCsv(join(folder, "a.csv")), "CSV_INVALID")).message).toContain("is empty");
  });
});

describe("readRegularFile", () => {
  it("readRegularFile reads a file, up to a limit", () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "12345");
    expect(readRegularFile(file, 5).toString()).toBe("12345");
    expect(() => readRegularFile(file, 4)).toThrow(new UnreadableFile("it has 5 bytes, expected at most 4"));
    writeFileSync(file, "");
    expect(readRegularFile(file, 4)).toHaveLength(0);
  });
});

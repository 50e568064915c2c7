import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Model } from "../../../../../runtime/index.js";
import { expectError } from "../../../../support/errors.js";
import { start } from "../../../../support/library.js";
import { IS_WINDOWS, isWindows, NOT_ROOT, needs } from "../../../../support/needs.js";
import { copyOfModel, modelFolder, tempFolder } from "../../../../support/temp.js";
import { trainStep, weightsOf } from "../../../training/training-step.js";

/** A model that saving.py wrote. */
function authored(name: string): string {
  return fileURLToPath(new URL(`saving/${name}`, import.meta.url));
}

function copyOf(name: string): string {
  const copy = join(realpathSync(tempFolder()), name);
  cpSync(authored(name), copy, { recursive: true });
  return copy;
}

/** Results of TensorFlow in Python. */
const values = JSON.parse(readFileSync(authored("values.json"), "utf8")) as Readonly<
  Record<string, { readonly before: Values; readonly after: Values }>
>;
type Values = Readonly<Record<string, unknown>>;

/** Results of a tag set of the model with several, in the form of Python's values. */
function valuesOf(folder: string, tags: string): Values {
  using model = Model.load(folder, { tags: [tags] });
  const entries = Object.entries(model.run("values")).map(([key, value]) => [key, plain(value.toArray())]);
  return Object.fromEntries(entries) as Values;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)));
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

describe("a model with several meta graphs", () => {
  it("a save keeps the variables of other meta graphs, partitioned, string and reference variables included", () => {
    const folder = copyOf("tag_sets");
    using serve = Model.load(folder, { tags: ["serve"] });
    serve.run("step");
    serve.save(folder);
    expect(valuesOf(folder, "serve")).toEqual(values.serve?.after);
    // `w` is the variable of both.
    expect(valuesOf(folder, "train")).toEqual({ ...values.train?.before, w: values.serve?.after.w });
    serve.save(folder);
    expect(valuesOf(folder, "train")).toEqual({ ...values.train?.before, w: values.serve?.after.w });
  });

  it("a save to another folder keeps the variables of other meta graphs, from either side", () => {
    const target = join(tempFolder(), "saved");
    using train = Model.load(authored("tag_sets"), { tags: ["train"] });
    train.run("step");
    train.save(target);
    expect(valuesOf(target, "train")).toEqual(values.train?.after);
    expect(valuesOf(target, "serve")).toEqual(values.serve?.after);
    using serve = Model.load(target, { tags: ["serve"] });
    serve.save(target);
    expect(valuesOf(target, "train")).toEqual(values.train?.after);
  });

  it("restores a partitioned variable from a checkpoint and from a folder", () => {
    using train = Model.load(authored("tag_sets"), { tags: ["train"] });
    train.run("step");
    const prefix = join(tempFolder(), "weights");
    train.saveWeights(prefix);
    train.restore(authored("tag_sets"));
    expect(plain(train.run("values").parts?.toArray())).toEqual(values.train?.before.parts);
    train.restore(prefix);
    expect(plain(train.run("values").parts?.toArray())).toEqual(values.train?.after.parts);
  });

  it("rejects a save if the existing variables cannot be read", () => {
    const folder = copyOf("tag_sets");
    using serve = Model.load(folder, { tags: ["serve"] });
    truncateSync(join(folder, "variables", "variables.index"), 8);
    expectError(() => serve.save(folder), "SAVE_FAILED");
    expectError(() => serve.save(join(tempFolder(), "saved")), "SAVE_FAILED");
    expect(statSync(join(folder, "variables", "variables.index")).size).toBe(8);
  });

  it("a model with one meta graph replaces variables that cannot be read", () => {
    const folder = copyOfModel("regression");
    using model = Model.load(folder);
    truncateSync(join(folder, "variables", "variables.index"), 8);
    model.save(folder);
    using saved = Model.load(folder);
    expect(weightsOf(saved)).toBe(weightsOf(model));
  });
});

it("a checkpoint of a tracked ExportArchive reaches the variables that signatures use", () => {
  using model = Model.load(authored("tracked"));
  const answer = (): unknown => Object.values(model.run("serve", { x: [[1, 10]] }))[0]?.toArray();
  expect(answer()).toEqual(values.tracked?.before);
  model.restore(authored("tracked-weights"));
  expect(answer()).toEqual(values.tracked?.after);
});

describe("permissions", () => {
  needs(!isWindows, IS_WINDOWS);
  it("a save keeps the modes of a private model that it replaces, and of a checkpoint", () => {
    const folder = copyOfModel("text");
    execFileSync("chmod", ["-R", "go-rwx", folder]);
    chmodSync(join(folder, "assets", "vocabulary.txt"), 0o440);
    using model = Model.load(modelFolder("regression"));
    using own = Model.load(folder);
    for (let time = 0; time < 2; time++) {
      own.save(folder);
      for (const path of ["", "variables", "assets"]) expect(modeOf(join(folder, path)), path).toBe("700");
      const files = ["saved_model.pb", "fingerprint.pb", "variables/variables.index"];
      for (const path of files) expect(modeOf(join(folder, path)), path).toBe("600");
      expect(modeOf(join(folder, "assets", "vocabulary.txt"))).toBe("440");
    }
    rmSync(join(folder, "fingerprint.pb"));
    model.save(folder);
    // New files get the mode of the model's own file.
    expect(modeOf(join(folder, "fingerprint.pb"))).toBe("600");

    const prefix = join(tempFolder(), "weights");
    model.saveWeights(prefix);
    expect(modeOf(`${prefix}.index`)).toBe((0o666 & ~process.umask()).toString(8));
    chmodSync(`${prefix}.index`, 0o600);
    chmodSync(`${prefix}.data-00000-of-00001`, 0o640);
    model.saveWeights(prefix);
    expect(modeOf(`${prefix}.index`)).toBe("600");
    expect(modeOf(`${prefix}.data-00000-of-00001`)).toBe("640");
  });

  it("a save gives a new model the modes of new files, and no set-user-id bit", () => {
    const folder = copyOfModel("text");
    chmodSync(join(folder, "saved_model.pb"), 0o4755);
    chmodSync(join(folder, "assets", "vocabulary.txt"), 0o400);
    using model = Model.load(folder);
    const target = join(tempFolder(), "saved");
    model.save(target);
    const files = ["saved_model.pb", "assets/vocabulary.txt", "variables/variables.index"];
    for (const path of files) expect(modeOf(join(target, path)), path).toBe((0o666 & ~process.umask()).toString(8));
    for (const path of ["", "assets", "variables"]) {
      expect(modeOf(join(target, path)), path).toBe((0o777 & ~process.umask()).toString(8));
    }
    model.save(folder);
    expect(modeOf(join(folder, "saved_model.pb"))).toBe("755");
  });

  it("a save keeps the owner and the group if permitted", ({ skip }) => {
    skip(process.getuid?.() !== 0, NOT_ROOT);
    const folder = copyOfModel("regression");
    const paths = ["", "saved_model.pb", "variables", "variables/variables.index"].map((path) => join(folder, path));
    for (const path of paths) chownSync(path, 1234, 2345);
    using model = Model.load(folder);
    model.save(folder);
    for (const path of paths) expect([statSync(path).uid, statSync(path).gid], path).toEqual([1234, 2345]);
  });

  it("a save gives another group no more permissions than others", async ({ skip }) => {
    skip(process.getuid?.() !== 0, NOT_ROOT);
    skip(isPrivate(tmpdir()), "the temporary folder is private");
    const folder = copyOfModel("regression");
    chmodSync(join(folder, ".."), 0o777);
    execFileSync("chmod", ["-R", "u+rwX,g=rwX,o=rX", folder]);
    execFileSync("chown", ["-R", "65534:0", folder]);
    chmodSync(join(folder, "saved_model.pb"), 0o664);
    const { stdout, stderr } = await start("test/runtime/engines/local/save/save-as.ts", [
      folder,
      folder,
      "65534",
      "65534",
    ]).ended;
    expect(stdout, stderr).toBe("saved\n");
    expect(statSync(join(folder, "saved_model.pb")).gid).toBe(65534);
    expect(modeOf(join(folder, "saved_model.pb"))).toBe("644");
  });

  it("saves a model with read-only files twice to one folder, without being root", async ({ skip }) => {
    skip(process.getuid?.() === 0 && isPrivate(tmpdir()), "the temporary folder is private");
    const folder = copyOfModel("text");
    const beside = join(folder, "..");
    execFileSync("chmod", ["-R", "a=rX", folder]);
    const others = join(beside, "others");
    mkdirSync(others);
    const user = process.getuid?.() === 0 ? ["65534", "65534"] : [];
    for (const path of [beside, others]) chmodSync(path, 0o777);
    for (let time = 0; time < 2; time++) {
      const { stdout, stderr } = await start("test/runtime/engines/local/save/save-as.ts", [
        folder,
        join(others, "saved"),
        ...user,
      ]).ended;
      expect(stdout, stderr).toBe("saved\n");
    }
    expect(readdirSync(others)).toEqual(["saved"]);
    expect(lstatSync(join(others, "saved", "assets", "vocabulary.txt")).mode & 0o200).toBe(0o200);
    execFileSync("chmod", ["-R", "u+w", folder]);
  });
});

describe("copied files", () => {
  it("a save to another folder omits files that are not part of the model", () => {
    const folder = copyOfModel("regression");
    mkdirSync(join(folder, ".git"));
    writeFileSync(join(folder, "README.md"), "");
    using model = Model.load(folder);
    const target = join(tempFolder(), "saved");
    model.save(target);
    expect(readdirSync(target).sort()).toEqual(readdirSync(modelFolder("regression")).sort());
  });

  it("a save keeps other files in the model's own folder", () => {
    const folder = copyOfModel("regression");
    mkdirSync(join(folder, ".git"));
    writeFileSync(join(folder, ".git", "HEAD"), "ref");
    symlinkSync("/nowhere", join(folder, "link"));
    const before = lstatSync(join(folder, ".git", "HEAD"));
    using model = Model.load(folder);
    trainStep(model);
    for (let time = 0; time < 2; time++) model.save(folder);
    expect(lstatSync(join(folder, ".git", "HEAD")).ino).toBe(before.ino);
    expect(readlinkSync(join(folder, "link"))).toBe("/nowhere");
    expect(readdirSync(join(folder, ".."))).toEqual(["regression"]);
    using saved = Model.load(folder);
    expect(weightsOf(saved)).toBe(weightsOf(model));
  });

  it("a save restores other files that a killed save has left", () => {
    const folder = copyOfModel("regression");
    const left = join(folder, "..", ".regression.saving-abc123");
    cpSync(folder, join(left, "new"), { recursive: true });
    writeFileSync(join(left, "new", "README.md"), "text");
    using model = Model.load(modelFolder("regression"));
    model.save(join(folder, "..", "another"));
    expect(readFileSync(join(folder, "README.md"), "utf8")).toBe("text");
    expect(existsSync(left)).toBe(false);
  });

  it("a save keeps a leftover file whose name is taken", () => {
    const folder = copyOfModel("regression");
    const left = join(folder, "..", ".regression.saving-abc123");
    cpSync(folder, join(left, "new"), { recursive: true });
    writeFileSync(join(left, "new", "README.md"), "old");
    writeFileSync(join(folder, "README.md"), "new");
    using model = Model.load(folder);
    model.save(folder);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toBe("new");
    expect(readdirSync(left)).toEqual(["new"]);
    expect(readdirSync(join(left, "new"))).toEqual(["README.md"]);
  });

  describe("of links and special files", () => {
    needs(!isWindows, IS_WINDOWS);
    it("a save copies the targets of links within the model, and keeps links in the model's own folder", () => {
      const folder = copyOfModel("text");
      renameSync(join(folder, "assets", "vocabulary.txt"), join(folder, "assets", "words.txt"));
      symlinkSync("words.txt", join(folder, "assets", "vocabulary.txt"));
      using model = Model.load(folder);
      const target = join(tempFolder(), "saved");
      model.save(target);
      expect(lstatSync(join(target, "assets", "vocabulary.txt")).isFile()).toBe(true);
      Model.load(target).dispose();
      model.save(folder);
      expect(readlinkSync(join(folder, "assets", "vocabulary.txt"))).toBe("words.txt");
      Model.load(folder).dispose();
    });

    it("a save rejects an asset or model file that links out of the model", () => {
      const secret = join(tempFolder(), "secret.txt");
      const target = join(tempFolder(), "saved");
      for (const path of ["assets/vocabulary.txt", "fingerprint.pb"]) {
        const folder = copyOfModel("text");
        cpSync(join(folder, path), secret, { force: true });
        rmSync(join(folder, path));
        symlinkSync(secret, join(folder, path));
        using model = Model.load(folder);
        const { message } = expectError(() => model.save(target), "SAVE_FAILED");
        expect(message).toContain(`${path} of the model is not a regular file`);
        expect(message).toContain("cp -RL");
        expect(existsSync(target)).toBe(false);
        model.save(folder);
        expect(readlinkSync(join(folder, path))).toBe(secret);
      }
    });

    it("a save copies a graph that was loaded through a link", () => {
      const folder = copyOfModel("regression");
      const blob = join(tempFolder(), "blob");
      cpSync(join(folder, "saved_model.pb"), blob);
      rmSync(join(folder, "saved_model.pb"));
      symlinkSync(blob, join(folder, "saved_model.pb"));
      using model = Model.load(folder);
      const target = join(tempFolder(), "saved");
      model.save(target);
      expect(readFileSync(join(target, "saved_model.pb"))).toEqual(readFileSync(blob));
      expect(lstatSync(join(target, "saved_model.pb")).isFile()).toBe(true);
    });

    it("a save omits pipes, broken links and links out of the model that no graph names", () => {
      const folder = copyOfModel("text");
      using model = Model.load(folder);
      execFileSync("mkfifo", [join(folder, "assets", "pipe")]);
      symlinkSync("nowhere", join(folder, "assets", "broken"));
      symlinkSync("/etc", join(folder, "assets", "etc"));
      const target = join(tempFolder(), "saved");
      model.save(target);
      expect(readdirSync(join(target, "assets"))).toEqual(["vocabulary.txt"]);
    });
  });
});

describe("paths that TensorFlow treats as patterns", () => {
  needs(!isWindows, IS_WINDOWS);
  it.each(["x[1]", "a\\b"])("rejects %s, which TensorFlow treats as a pattern", (name) => {
    const folder = tempFolder();
    using model = Model.load(modelFolder("regression"));
    expect(expectError(() => model.save(join(folder, name)), "INVALID_ARGUMENT").message).toContain("pattern");
    expectError(() => model.saveWeights(join(folder, name, "weights")), "INVALID_ARGUMENT");
    expect(readdirSync(folder)).toEqual([]);
    cpSync(modelFolder("regression"), join(folder, name), { recursive: true });
    expect(expectError(() => Model.load(join(folder, name)), "LOAD_FAILED").message).toContain("pattern");
    expectError(() => model.restore(join(folder, name)), "INVALID_ARGUMENT");
    symlinkSync(join(folder, name), join(folder, "link"));
    using linked = Model.load(join(folder, "link"));
    expect(weightsOf(linked)).toBe(weightsOf(model));
  });

  it.each(["x*", "x?", "x]", "x{1,2}"])("accepts %s, which is not treated as a pattern", (name) => {
    const folder = join(tempFolder(), name);
    using model = Model.load(modelFolder("regression"));
    trainStep(model);
    model.save(folder);
    model.saveWeights(`${folder}-weights`);
    using saved = Model.load(folder);
    expect(weightsOf(saved)).toBe(weightsOf(model));
    saved.restore(`${folder}-weights`);
  });
});

/** Returns whether another user cannot get into a folder. */
function isPrivate(folder: string): boolean {
  const parent = dirname(folder);
  return (statSync(folder).mode & 0o001) === 0 || (parent !== folder && isPrivate(parent));
}

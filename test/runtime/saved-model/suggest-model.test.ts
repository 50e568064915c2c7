import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../generator/index.js";
import type { ErrorCode } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { encodeMessage } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

function folderWith(...models: readonly string[]): string {
  const folder = tempFolder();
  for (const name of models) cpSync(modelFolder("counter"), join(folder, name), { recursive: true });
  return folder;
}

function fixOf(folder: string, code: ErrorCode, tags?: readonly string[]): string | undefined {
  return expectError(() => inspect(folder, tags === undefined ? {} : { tags }), code).fix;
}

describe("folders that are not SavedModels", () => {
  it("suggests the newest of the versions in a folder", () => {
    const folder = folderWith("1", "9", "10");
    mkdirSync(join(folder, "11"));
    expect(fixOf(folder, "NOT_A_SAVED_MODEL")).toBe(`Pass ${join(folder, "10")}, the newest of the versions in it.`);
  });

  it("suggests at most five models in a folder, each in its newest version", () => {
    const three = folderWith("b", "a", "served/1", "served/2");
    const list = ["a", "b", "served/2"].map((name) => join(three, name));
    expect(fixOf(three, "NOT_A_SAVED_MODEL")).toBe(`Pass a model inside it: ${list.join(", ")}.`);
    const six = folderWith("f", "e", "d", "c", "b", "a");
    const five = ["a", "b", "c", "d", "e"].map((name) => join(six, name));
    expect(fixOf(six, "NOT_A_SAVED_MODEL")).toBe(`Pass a model inside it: ${five.join(", ")}, or one of 1 more in it.`);
  });

  it("leads to models further below, where none is in it", () => {
    const deep = folderWith(join("a", "b", "m"));
    expect(fixOf(deep, "NOT_A_SAVED_MODEL")).toBe(`Pass a model inside it: ${join(deep, "a", "b", "m")}.`);
    const deeper = folderWith(join("a", "b", "c", "m"));
    expect(fixOf(deeper, "NOT_A_SAVED_MODEL")).toBeUndefined();
  });

  it("suggests nothing for a folder without models", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "1"));
    writeFileSync(join(folder, "2"), "");
    expect(fixOf(folder, "NOT_A_SAVED_MODEL")).toBeUndefined();
  });
});

describe("missing folders", () => {
  it("suggests the intended model or its siblings for a missing folder", () => {
    const folder = folderWith("counter", "other");
    expect(fixOf(join(folder, "conuter"), "MODEL_NOT_FOUND")).toBe(`Did you mean "${join(folder, "counter")}"?`);
    expect(fixOf(join(folder, "something"), "MODEL_NOT_FOUND")).toBe(`Models in ${folder}: counter, other.`);
    const six = folderWith("f", "e", "d", "c", "b", "a");
    expect(fixOf(join(six, "something"), "MODEL_NOT_FOUND")).toBe(`Models in ${six}: a, b, c, d, e and 1 more.`);
  });

  it("names a missing folder as it was passed, also in the working directory", () => {
    const working = process.cwd();
    process.chdir(folderWith("counter", join("models", "other")));
    try {
      expect(fixOf("conuter", "MODEL_NOT_FOUND")).toBe('Did you mean "counter"?');
      expect(fixOf("./something", "MODEL_NOT_FOUND")).toBe("Models in the working directory: counter.");
      expect(fixOf("models/othr", "MODEL_NOT_FOUND")).toBe(`Did you mean "${join("models", "other")}"?`);
    } finally {
      process.chdir(working);
    }
  });

  it("suggests the models in the folder that was probably meant", () => {
    const one = folderWith(join("models", "ranker"));
    expect(fixOf(join(one, "model"), "MODEL_NOT_FOUND")).toBe(`Did you mean "${join(one, "models", "ranker")}"?`);
    const two = folderWith(join("models", "a"), join("models", "b"));
    expect(fixOf(join(two, "modles"), "MODEL_NOT_FOUND")).toBe(`Models in ${join(two, "models")}: a, b.`);
  });

  it("suggests nothing for a missing folder without models next to it", () => {
    expect(fixOf(join(tempFolder(), "none"), "MODEL_NOT_FOUND")).toBeUndefined();
    expect(fixOf(join(tempFolder(), "none", "none"), "MODEL_NOT_FOUND")).toBeUndefined();
  });
});

describe("several meta graphs", () => {
  const folderOf = (...sets: readonly (readonly string[])[]): string => {
    const folder = tempFolder();
    const metaGraphs = sets.map((tags) => ({ metaInfoDef: { tags } }));
    writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs }));
    return folder;
  };

  it("lists meta graphs without the tag serve as options", () => {
    const folder = folderOf(["train"], ["tpu", "gpu"], [], ["a b", "$x"]);
    expect(fixOf(folder, "TAGS_NOT_FOUND")).toBe(
      'Choose one with the option `tags`: ["train"]; ["gpu", "tpu"]; []; ["$x", "a b"].',
    );
    expect(inspect(folder, { tags: ["gpu", "tpu"] }).tags).toEqual(["gpu", "tpu"]);
  });

  it("several meta graphs with the tag serve need no choice", () => {
    const { tags, tagSets } = inspect(folderOf(["train"], ["serve"]));
    expect([tags, tagSets]).toEqual([["serve"], [["train"], ["serve"]]]);
  });

  it("does not suggest tags if there is only one meta graph", () => {
    expect(fixOf(folderOf(["train"]), "TAGS_NOT_FOUND", ["serve"])).toBe(
      'Choose the only one with the option `tags`: ["train"].',
    );
  });
});

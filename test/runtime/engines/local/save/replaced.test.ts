import { once } from "node:events";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../../../generator/index.js";
import { holdFolder, whileLocked } from "../../../../../runtime/engines/local/save/lock-folder.js";
import { Model } from "../../../../../runtime/index.js";
import { readUnchanged } from "../../../../../runtime/saved-model/files/folder-identity.js";
import { expectError } from "../../../../support/errors.js";
import { start } from "../../../../support/library.js";
import { IS_WINDOWS, isWindows } from "../../../../support/needs.js";
import { copyOfModel, tempFolder } from "../../../../support/temp.js";

/** Number of loads while others save the model; 2,000 are an option. */
const LOADS = Number(process.env.SAVEDMODEL_TEST_LOADS ?? 40);

function authored(name: string): string {
  return fileURLToPath(new URL(`saving/${name}`, import.meta.url));
}

/** Calls a folder is read until nothing changes it: `change` is called in the first one. */
function readsOf(folder: string, change: () => void): number {
  let reads = 0;
  const read = (): number => {
    if (reads++ === 0) change();
    return reads;
  };
  return readUnchanged({ folder, what: "loaded", read });
}

describe("a model that is read", () => {
  const text = (): string => copyOfModel("text");
  const swap = (a: string, b: string): void => {
    for (const [from, to] of [
      [a, `${a}-away`],
      [b, a],
      [`${a}-away`, b],
    ] as const)
      renameSync(from, to);
  };

  it("an unchanged model is read once", () => {
    const folder = text();
    expect(readsOf(folder, () => readFileSync(join(folder, "saved_model.pb")))).toBe(1);
  });

  it.each(["saved_model.pb", "variables/variables.index", "fingerprint.pb", "assets/vocabulary.txt"])(
    "a model is read again after a change of %s, also to the same size and time",
    (path) => {
      const file = join(text(), path);
      const { atimeMs, mtimeMs } = lstatSync(file);
      const folder = file.slice(0, -path.length - 1);
      const change = (): void => {
        writeFileSync(file, readFileSync(file).fill(1));
        utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
      };
      expect(readsOf(folder, change)).toBe(2);
    },
  );

  it("a model is read again after another folder has taken its place, and after it has come back", () => {
    const [folder, other] = [text(), text()];
    expect(readsOf(folder, () => swap(folder, other))).toBe(2);
    const twice = (): void => {
      swap(folder, other);
      swap(folder, other);
    };
    expect(readsOf(folder, twice)).toBe(2);
  });

  it("a model is read again after a link to it was switched, there and back", ({ skip }) => {
    skip(isWindows, IS_WINDOWS);
    const links = tempFolder();
    mkdirSync(join(links, "releases"));
    const [a, b] = ["a", "b"].map((name) => join(links, "releases", name));
    for (const release of [a, b]) cpSync(text(), join(release ?? "", "model"), { recursive: true });
    const current = join(links, "current");
    const switchTo = (release: string | undefined): void => {
      symlinkSync(release ?? "", `${current}-next`);
      renameSync(`${current}-next`, current);
    };
    switchTo(a);
    const folder = join(current, "model");
    expect(readsOf(folder, () => undefined)).toBe(1);
    expect(readsOf(folder, () => switchTo(b))).toBe(2);
    const thereAndBack = (): void => {
      switchTo(a);
      switchTo(b);
    };
    expect(readsOf(folder, thereAndBack)).toBe(2);
  });

  it("a replaced model is read again after an error", () => {
    const folder = text();
    let reads = 0;
    const read = (): number => {
      if (reads++ > 0) return reads;
      rmSync(join(folder, "saved_model.pb"));
      throw new Error("half a model");
    };
    expect(readUnchanged({ folder, what: "loaded", read })).toBe(2);
    const fail = (): never => {
      throw new Error(`attempt ${reads++}`);
    };
    expect(() => readUnchanged({ folder, what: "loaded", read: fail })).toThrow("attempt 2");
  });

  it("reading a model that keeps changing fails in the end, and all earlier results are discarded", () => {
    const folder = text();
    const [read, discarded, held]: [number[], number[], string[]] = [[], [], []];
    const options = {
      folder,
      what: "loaded",
      read: () => {
        writeFileSync(join(folder, "fingerprint.pb"), `${read.push(read.length)}`);
        return read.length;
      },
      discard: (result: number) => void discarded.push(result),
      hold: () => {
        held.push("held");
        return () => void held.push("released");
      },
    };
    const { message } = expectError(() => readUnchanged(options), "LOAD_FAILED");
    expect(message).toContain(`was replaced each of the ${read.length} times that it was loaded`);
    expect(discarded).toHaveLength(read.length);
    expect(held.slice(0, 4)).toEqual(["held", "released", "held", "released"]);
    expect(held).toHaveLength(2 * (read.length - 1));
  });
});

describe("the lock of a folder", () => {
  it("a save waits for the lock of a folder, but not forever", () => {
    const folder = copyOfModel("regression");
    const release = holdFolder(folder);
    let runs = 0;
    const begin = performance.now();
    whileLocked(folder, () => runs++);
    expect(performance.now() - begin).toBeGreaterThan(1000);
    release();
    whileLocked(folder, () => runs++);
    whileLocked(join(folder, "missing"), () => runs++);
    expect(runs).toBe(3);
  });

  it("a load and a save release the lock of a folder", () => {
    const folder = copyOfModel("regression");
    for (let time = 0; time < 3; time++) {
      holdFolder(folder)();
      let isHeld = false;
      whileLocked(folder, () => {
        // Nobody else gets it: this returns at once, without it.
        holdFolder(folder)();
        isHeld = true;
      });
      expect(isHeld).toBe(true);
    }
  });
});

it(`loads concurrent with saves of two models return one or the other (${LOADS} loads)`, async () => {
  const folder = join(tempFolder(), "model");
  const { child, ended } = start("test/runtime/engines/local/save/version-loop.ts", [
    folder,
    authored("one"),
    authored("two"),
  ]);
  await Promise.race([once(child.stdout ?? child, "data"), ended]);
  const seen = new Set<string>();
  for (let load = 0; load < LOADS; load++) {
    using model = Model.load(folder);
    const { graph, weight, asset } = model.run("version");
    seen.add([graph, weight, asset].map((value) => String(value?.toArray())).join());
    expect(inspect(folder).signatures).toHaveLength(1);
  }
  child.kill("SIGKILL");
  const { signal, stderr } = await ended;
  expect(signal, stderr).toBe("SIGKILL");
  expect([...seen].filter((versions) => versions !== "1,1,1" && versions !== "2,2,2")).toEqual([]);
  expect(seen.size).toBeGreaterThan(0);
});

import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { fileCalling } from "../../../runtime/base/calling-file.js";
import { locateModel } from "../../../runtime/saved-model/files/locate-model.js";
import { expectError } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

/** A monorepo with files that have no text; folders end in a slash. */
function repository(...paths: readonly string[]): string {
  const root = realpathSync(tempFolder());
  for (const path of paths) {
    mkdirSync(join(root, path.endsWith("/") ? path : join(path, "..")), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(join(root, path), "{}");
  }
  return root;
}

it.each([
  ["the package of the client", "packages/ranker/src/generated/ranker.ts", "packages/ranker/models/ranker/"],
  [
    "that package, where a compiler put the client into a folder with a package.json of its own",
    "packages/ranker/dist/cjs/ranker.js",
    "packages/ranker/models/ranker/",
  ],
  ["the repository, where the package has no such folder", "packages/other/ranker.js", "models/ranker/"],
  ["the package of a client that is installed", "node_modules/lib/dist/ranker.js", "node_modules/lib/models/ranker/"],
])("finds a model below %s", (_, client, model) => {
  const root = repository(
    "package.json",
    "packages/ranker/package.json",
    "packages/ranker/dist/cjs/package.json",
    "packages/other/package.json",
    "node_modules/lib/package.json",
    "packages/ranker/models/ranker/",
    "node_modules/lib/models/ranker/",
    "models/ranker/",
  );
  expect(locateModel("models/ranker", join(root, client))).toBe(join(root, model.slice(0, -1)));
});

it("does not treat a folder outside node_modules as that of an installed client, and lists the searched places", () => {
  const root = repository("package.json", "node_modules/lib/package.json", "models/ranker/");
  const client = join(root, "node_modules/lib/dist/ranker.js");
  vi.spyOn(process, "cwd").mockReturnValue(join(root, "cwd"));
  vi.stubGlobal("process", { ...process, cwd: process.cwd, argv: ["node"] });
  try {
    const { message } = expectError(() => locateModel("models/ranker", client), "MODEL_NOT_FOUND");
    expect(message).toBe(
      `MODEL_NOT_FOUND: folder not found: ${join(root, "node_modules/lib/models/ranker")} or ${join(root, "cwd/models/ranker")}. ` +
        "Pass the SavedModel's folder to load(), or copy it to one of these: they are below the packages of the generated file " +
        "and of the running program, and below the working directory.",
    );
  } finally {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }
});

it("prefers the client's own package to the working directory", () => {
  const root = repository("package.json", "src/ranker.ts", "models/ranker/", "elsewhere/models/ranker/");
  vi.spyOn(process, "cwd").mockReturnValue(join(root, "elsewhere"));
  expect(locateModel("models/ranker", join(root, "src/ranker.ts"))).toBe(join(root, "models/ranker"));
  expect(locateModel("models/ranker")).toBe(join(root, "elsewhere/models/ranker"));
  vi.restoreAllMocks();
});

it("finds the calling file with any stack settings, and does not change them", () => {
  class Callee {
    readonly file: string | undefined = fileCalling(Callee);
  }
  class Derived extends Callee {}
  const { prepareStackTrace, stackTraceLimit } = Error;
  const mine = (): string => "mine";
  try {
    Error.stackTraceLimit = 0;
    Error.prepareStackTrace = mine;
    expect(new Derived().file).toMatch(/[\\/]test[\\/]runtime[\\/]saved-model[\\/]locate-model\.test\.ts$/);
    expect([Error.stackTraceLimit, Error.prepareStackTrace]).toEqual([0, mine]);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
});

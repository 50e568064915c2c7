import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { dropLogLines } from "../../../../../runtime/engines/local/library/quiet-log.js";
import { type Ended, place, realLibrary, start, temporaryFolder } from "../../../../support/library.js";

const model = fileURLToPath(new URL("../../../../models/custom_model", import.meta.url));
const nothing = { SAVEDMODEL_TENSORFLOW: "", SAVEDMODEL_LOG: "", TF_CPP_MIN_LOG_LEVEL: undefined };

function useLibrary(env: Readonly<Record<string, string | undefined>>, where = "main", cwd?: string): Promise<Ended> {
  return start("test/runtime/engines/local/library/use-library.ts", [model, where], { ...nothing, ...env }, cwd).ended;
}

/** An environment in which no place but the named ones has a library. */
function bare(): { folder: string; env: Record<string, string> } {
  const folder = temporaryFolder();
  return { folder, env: { SAVEDMODEL_CACHE: folder, PATH: folder, VIRTUAL_ENV: "", CONDA_PREFIX: "" } };
}

describe("a process that loads the library and a model", () => {
  const named = (): Record<string, string> => ({ SAVEDMODEL_TENSORFLOW: dirname(realLibrary().main) });

  test.each(["main", "worker"])(
    "a process that loads the library exits cleanly and prints nothing to stderr (%s thread)",
    async (where) => {
      const { code, signal, stdout, stderr } = await useLibrary(named(), where);
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ place: "environment", memoised: true, code: 0 });
    },
  );

  test("SAVEDMODEL_LOG=1 shows TensorFlow's log", async () => {
    const { stderr } = await useLibrary({ ...named(), SAVEDMODEL_LOG: "1" });
    // The output while loading depends on the processor; not all of them print the oneDNN line.
    expect(stderr).toContain("Reading SavedModel from");
  });

  test("respects the user's TF_CPP_MIN_LOG_LEVEL", async () => {
    expect((await useLibrary({ ...named(), TF_CPP_MIN_LOG_LEVEL: "0" })).stderr).toContain("Reading SavedModel from");
  });

  test("does not pass the log level on to child processes", async () => {
    expect(JSON.parse((await useLibrary(named())).stdout)).toMatchObject({ level: null });
  });
});

describe("koffi", () => {
  /** A preload by which `require("koffi")` fails as it does where it is not, or not wholly, installed. */
  const without = (failure: string): Promise<Ended> => {
    const file = join(temporaryFolder(), "without-koffi.cjs");
    writeFileSync(
      file,
      `const Module = require("node:module");
       const load = Module._load;
       Module._load = (request, ...rest) => { if (request === "koffi") { ${failure} } return load(request, ...rest); };`,
    );
    return useLibrary({ NODE_OPTIONS: `--require ${file}` });
  };

  test("reports a missing koffi, not a missing library", async () => {
    const { code, stderr } = await without(
      'Module._resolveFilename("koffi", { id: "/nowhere/x.js", filename: "/nowhere/x.js", paths: [] });',
    );
    expect(code).toBe(1);
    expect(stderr).toContain(
      "LIBRARY_INVALID: the package koffi, which calls TensorFlow, is not installed. Install koffi",
    );
    expect(stderr).not.toContain("npx savedmodel install");
  });

  test("reports that koffi lacks its native part", async () => {
    const { stderr } = await without(
      'throw new Error("Cannot find the native Koffi module; did you bundle it correctly?");',
    );
    expect(stderr).toContain(
      "the package koffi, which calls TensorFlow, cannot be loaded: Cannot find the native Koffi module",
    );
    expect(stderr).toContain("optional packages");
  });
});

describe("SAVEDMODEL_TENSORFLOW", () => {
  const real = realLibrary();
  const table: [string, string, string][] = [
    ["/does/not/exist", "LIBRARY_NOT_FOUND", "SAVEDMODEL_TENSORFLOW is /does/not/exist, which does not exist"],
    [model, "LIBRARY_NOT_FOUND", "which holds none of"],
    [join(model, "saved_model.pb"), "LIBRARY_INVALID", "saved_model.pb cannot be loaded"],
    [real.framework, "LIBRARY_INVALID", "it lacks TF_Version"],
  ];
  test.each(table)("SAVEDMODEL_TENSORFLOW set to %s is an error, without a fallback", async (value, code, text) => {
    const { stderr, code: exit } = await useLibrary({ SAVEDMODEL_TENSORFLOW: value });
    expect(exit).toBe(1);
    expect(stderr).toContain(code);
    expect(stderr).toContain(text);
  });

  test("SAVEDMODEL_TENSORFLOW may be the file itself", async () => {
    const { stdout } = await useLibrary({ SAVEDMODEL_TENSORFLOW: real.main });
    expect(JSON.parse(stdout)).toMatchObject({ place: "environment", code: 0 });
  });
});

test("throws LIBRARY_NOT_FOUND without a library, with every place and the command that helps", async () => {
  const { stderr } = await useLibrary(bare().env);
  expect(stderr).toContain("LIBRARY_NOT_FOUND");
  for (const place of ["environment", "package", "cache", "system", "python"]) expect(stderr).toContain(`${place}: `);
  expect(stderr).toContain("Run `npx savedmodel install`.");
});

test("finds the tensorflow package of an active virtual environment", async () => {
  const { folder, env } = bare();
  const real = realLibrary();
  const site = join(folder, "venv", "lib", "python3.11", "site-packages", "tensorflow");
  place(real.main, site, "libtensorflow_cc.so.2");
  place(real.framework, site, "libtensorflow_framework.so.2");
  const { stdout } = await useLibrary({ ...env, VIRTUAL_ENV: join(folder, "venv") });
  expect(JSON.parse(stdout)).toMatchObject({ place: "python", code: 0 });
});

test("finds the official C library's names and links in a folder's lib", async () => {
  const { folder } = bare();
  const real = realLibrary();
  const lib = join(folder, "lib");
  place(real.main, lib, "libtensorflow.so.2.21.0");
  symlinkSync("libtensorflow.so.2.21.0", join(lib, "libtensorflow.so.2"));
  place(real.framework, lib, "libtensorflow_framework.so.2");
  const { stdout } = await useLibrary({ SAVEDMODEL_TENSORFLOW: folder });
  expect(JSON.parse(stdout)).toMatchObject({ place: "environment", code: 0 });
});

test("neither runs nor loads a tensorflow package in the current directory or in PYTHONPATH", async () => {
  const { folder, env } = bare();
  const planted = join(folder, "tensorflow");
  mkdirSync(planted);
  writeFileSync(join(planted, "__init__.py"), `open("${join(folder, "run")}", "w")`);
  writeFileSync(join(planted, "libtensorflow_cc.so.2"), "planted");
  const { PATH } = process.env;
  const { stderr } = await useLibrary({ ...env, PATH, PYTHONPATH: folder }, "main", folder);
  expect(stderr).not.toContain(planted);
  expect(existsSync(join(folder, "run"))).toBe(false);
});

describe("dropLogLines", () => {
  const info = "I0000 00:00:1795440391.474153    4819 port.cc:153] oneDNN custom operations are on.\n";
  const warning = "W0000 00:00:1795440427.424338    4964 local_rendezvous.cc:412] aborting\n";
  const error = "E0000 00:00:1795440429.392796    5034 cuda_platform.cc:52] failed call to cuInit\n";
  const notice = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n";
  const table: [string, number, string][] = [
    [notice + info, 2, ""],
    [notice + warning, 1, warning],
    [info + error, 2, error],
    [`mine\n${info}also mine`, 2, "mine\nalso mine"],
    ["", 2, ""],
  ];
  test.each(table)("dropLogLines of %j at level %i is %j", (given, level, want) => {
    expect(dropLogLines(given, level)).toBe(want);
  });
});

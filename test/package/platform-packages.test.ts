import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readImports } from "../../.ci/platforms/executable-format.js";
import { type PackedLibrary, packLibrary } from "../../.ci/platforms/pack-library.js";
import { whyNoMingw } from "../../.ci/platforms/python-stand-in.js";
import { stripElf } from "../../generator/library/strip-elf.js";
import { PLATFORMS, type Platform } from "../../runtime/engines/local/library/platform.js";
import { requireDist } from "../support/dist.js";
import { readCases } from "../support/goldens.js";
import { realLibrary, temporaryFolder } from "../support/library.js";
import { needs } from "../support/needs.js";
import { modelFolder } from "../support/temp.js";
import { elfOf, machO, WHEEL_TEXTS, zipOf } from "../support/wheel.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = `${process.platform}-${process.arch}`;

function platformOf(name: string): Platform {
  const found = PLATFORMS.find((platform) => platform.name === name);
  if (found === undefined) throw new Error(`unknown platform ${name}`);
  return found;
}

const X64 = 0x3e;
const ARM64 = 0xb7;

function pack(name: string, files: Parameters<typeof zipOf>[0], output = temporaryFolder()): Promise<PackedLibrary> {
  return packLibrary({ platform: platformOf(name), wheel: zipOf(files), output });
}

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

describe("packages for other platforms, from small wheels", () => {
  const linux = (machine: number) => ({
    "tensorflow/libtensorflow_cc.so.2": elfOf(machine, "main", "symbols of main"),
    "tensorflow/libtensorflow_framework.so.2": elfOf(machine, "framework", "symbols"),
  });

  test("a package holds the stripped libraries, the license and the notices, and states its platform", async () => {
    const { folder, version, name, strippedBytes, loaded } = await pack("linux-arm64", {
      ...linux(ARM64),
      ...WHEEL_TEXTS,
    });
    expect({ name, version, strippedBytes, loaded }).toEqual({
      name: "savedmodel-tensorflow-linux-arm64",
      version: "2.21.0",
      strippedBytes: "symbols of mainsymbols".length,
      loaded: undefined,
    });
    const files = [
      "library.json",
      "libtensorflow_framework.so.2",
      "libtensorflow_cc.so.2",
      "LICENSE",
      "THIRD_PARTY_NOTICES.txt",
    ];
    expect(readdirSync(folder).sort()).toEqual([...files, "README.md", "package.json"].sort());
    expect(json(join(folder, "package.json"))).toMatchObject({
      name,
      version,
      os: ["linux"],
      cpu: ["arm64"],
      libc: ["glibc"],
      files,
    });
    expect(json(join(folder, "library.json"))).toEqual({
      version,
      platform: "linux-arm64",
      source: "wheel",
      stripped: true,
      main: "libtensorflow_cc.so.2",
      framework: "libtensorflow_framework.so.2",
      files: [
        { name: "libtensorflow_cc.so.2", size: 64 + 56 + 4 },
        { name: "libtensorflow_framework.so.2", size: 64 + 56 + 9 },
      ],
    });
    expect(readFileSync(join(folder, "LICENSE"), "utf8")).toBe("Apache License\n");
  });

  test("the package for macOS has no libc, and its libraries are unchanged", async () => {
    const { folder, strippedBytes } = await pack("darwin-arm64", {
      "tensorflow/libtensorflow_cc.2.dylib": machO(),
      "tensorflow/libtensorflow_framework.2.dylib": machO(),
      ...WHEEL_TEXTS,
    });
    expect(strippedBytes).toBe(0);
    const manifest = json(join(folder, "package.json"));
    expect(manifest).toMatchObject({ os: ["darwin"], cpu: ["arm64"] });
    expect(manifest).not.toHaveProperty("libc");
    expect(readFileSync(join(folder, "libtensorflow_cc.2.dylib"))).toEqual(machO());
  });

  const { "tensorflow/THIRD_PARTY_NOTICES.txt": _notices, ...withoutNotices } = WHEEL_TEXTS;
  test.each<[string, Parameters<typeof zipOf>[0], RegExp]>([
    ["of another processor", { ...linux(X64), ...WHEEL_TEXTS }, /is for linux-x64, not linux-arm64/],
    ["without libraries", WHEEL_TEXTS, /has none of libtensorflow_cc\.so\.2/],
    ["without notices", { ...linux(ARM64), ...withoutNotices }, /has no THIRD_PARTY_NOTICES\.txt/],
    [
      "without a version",
      { ...linux(ARM64), ...WHEEL_TEXTS, "tensorflow-2.21.0.dist-info/METADATA": "" },
      /does not state its version/,
    ],
  ])("rejects a wheel %s, and leaves nothing behind", async (_what, files, reason) => {
    const output = temporaryFolder();
    await expect(pack("linux-arm64", files, output)).rejects.toThrow(reason);
    expect(readdirSync(output)).toEqual([]);
  });

  test("npm rejects the package on another platform", async ({ skip }) => {
    skip(here === "darwin-arm64", "this is the platform of the package");
    const { folder } = await pack("darwin-arm64", { "tensorflow/libtensorflow_cc.2.dylib": machO(), ...WHEEL_TEXTS });
    const project = temporaryFolder();
    writeFileSync(join(project, "package.json"), "{}");
    const { status, stderr } = spawnSync("npm", ["install", "--offline", "--no-audit", "--install-links", folder], {
      cwd: project,
      encoding: "utf8",
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("EBADPLATFORM");
  });
});

describe("the package for Windows", () => {
  const reason = whyNoMingw();
  needs(reason === undefined, `DLLs cannot be compiled: ${reason}`);

  /** Compiles a DLL that imports a function and a variable from python311.dll, as TensorFlow's does. */
  function importingDll(): string {
    const folder = temporaryFolder();
    const run = (program: string, ...parameters: string[]): void => {
      execFileSync(`x86_64-w64-mingw32-${program}`, parameters, { cwd: folder });
    };
    writeFileSync(
      join(folder, "python.def"),
      "LIBRARY python311.dll\nEXPORTS\n PyErr_Clear\n PyExc_ValueError DATA\n _Py_NoneStruct DATA\n",
    );
    run("dlltool", "-d", "python.def", "-l", "libpython.a");
    const code = `extern __declspec(dllimport) void PyErr_Clear(void);
      extern __declspec(dllimport) void *PyExc_ValueError;
      extern __declspec(dllimport) char _Py_NoneStruct[];
      __declspec(dllexport) void *use(void) { PyErr_Clear(); return PyExc_ValueError ? PyExc_ValueError : _Py_NoneStruct; }
      int entry(void *a, unsigned long b, void *c) { return 1; }`;
    writeFileSync(join(folder, "main.c"), code);
    run("gcc", "-shared", "-nostdlib", "-Wl,--entry,entry", "-o", "main.dll", "main.c", "libpython.a");
    return join(folder, "main.dll");
  }

  test("the package for Windows holds a DLL with the names that the library imports from Python", async () => {
    const dll = importingDll();
    expect(await readImports(dll)).toEqual([
      { name: "python311.dll", symbols: expect.arrayContaining(["PyErr_Clear", "PyExc_ValueError", "_Py_NoneStruct"]) },
    ]);
    const wheel = { "tensorflow/python/_pywrap_tensorflow_common.dll": { file: dll }, ...WHEEL_TEXTS };
    const { folder } = await pack("win32-x64", wheel);
    const dump = execFileSync("x86_64-w64-mingw32-objdump", ["-p", join(folder, "python311.dll")], {
      encoding: "utf8",
    });
    const exported = /\[Ordinal\/Name Pointer\] Table([\s\S]*?)\n\n/.exec(dump)?.[1] ?? "";
    expect([...exported.matchAll(/\] +(?:\+base\S* *\S* *)?(\S+)$/gm)].map(([, name]) => name)).toEqual([
      "PyErr_Clear",
      "PyExc_ValueError",
      "_Py_NoneStruct",
    ]);
    // The two variables are at one address, the function is at another.
    const [clear, error, none] = [...dump.matchAll(/\+base\[ *\d+\] ([\da-f]+) Export RVA/g)].map(
      ([, address]) => address,
    );
    expect(error).toBe(none);
    expect(clear).not.toBe(error);
    expect(dump).not.toContain("DLL Name:");
    const { files } = json(join(folder, "package.json")) as { readonly files: readonly string[] };
    expect(files).toContain("python311.dll");
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain("`python311.dll` is not Python.");
    expect(json(join(folder, "library.json"))).toMatchObject({
      framework: null,
      files: [{}, { name: "python311.dll" }],
    });
  });
});

describe("stripElf", () => {
  test("stripElf cuts off what lies behind the last segment, once", async () => {
    const file = join(temporaryFolder(), "library.so");
    writeFileSync(file, elfOf(X64, "contents", "symbols"));
    expect(await stripElf(file)).toBe("symbols".length);
    const stripped = readFileSync(file);
    expect(stripped.toString("latin1", 64 + 56)).toBe("contents");
    // Section headers: their place, number and names.
    expect([stripped.readBigUInt64LE(40), stripped.readUInt16LE(60), stripped.readUInt16LE(62)]).toEqual([0n, 0, 0]);
    expect(await stripElf(file)).toBe(0);
  });

  test.each([
    ["an empty file", ""],
    ["another file", "not a library, but longer than the header of one would be, which has 64 bytes"],
    ["a header without segments", elfOf(X64, "").subarray(0, 64)],
  ])("stripElf leaves %s as it is", async (_what, content) => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, content);
    expect(await stripElf(file)).toBe(0);
    expect(readFileSync(file)).toEqual(Buffer.from(content));
  });
});

describe("a project with the package of this platform", () => {
  needs(here === "linux-x64" || here === "linux-arm64", "the wheel is made of a Linux library");
  const real = realLibrary();

  /** A project in which the built package is installed, by its files. */
  function project(): string {
    requireDist();
    const folder = temporaryFolder();
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "savedmodel"), { recursive: true });
    for (const name of ["dist", "package.json"])
      cpSync(join(root, name), join(modules, "savedmodel", name), { recursive: true });
    for (const name of ["koffi", "jiti"]) symlinkSync(join(root, "node_modules", name), join(modules, name));
    return folder;
  }

  /** Runs a program where neither a cache, nor Python, nor another library is. */
  function run(
    file: string,
    ...parameters: readonly string[]
  ): { status: number | null; stdout: string; stderr: string } {
    const home = temporaryFolder();
    const env = { HOME: home, PATH: home, TMPDIR: home };
    return spawnSync(process.execPath, [file, ...parameters], { cwd: home, env, encoding: "utf8" });
  }

  const model = JSON.stringify(modelFolder("custom_model"));
  const [call] = readCases("custom_model").flatMap(({ calls }) =>
    calls.filter(({ signature }) => signature === "pred"),
  );
  const program = (specifier: string): string => `import { Model } from ${JSON.stringify(specifier)};
    const model = Model.load(${model});
    const { output } = model.run("pred", { inputs: [${JSON.stringify(call?.inputs.inputs?.data)}] });
    console.log(JSON.stringify([...output.data]));`;

  test("a program predicts with the installed package, without Python, a cache or an installation", async () => {
    const output = temporaryFolder();
    const packed = await pack(
      here,
      {
        "tensorflow/libtensorflow_cc.so.2": { file: real.main },
        "tensorflow/libtensorflow_framework.so.2": { file: real.framework },
        ...WHEEL_TEXTS,
        "tensorflow-2.21.0.dist-info/METADATA": "Version: 2.21.0\n",
      },
      output,
    );
    expect(packed.loaded).toBe(packed.version);
    const folder = project();
    const installed = join(folder, "node_modules", packed.name);
    renameSync(packed.folder, installed);

    const main = join(folder, "main.mjs");
    writeFileSync(main, program("savedmodel"));
    const expectPrediction = (file: string): void => {
      const { status, stdout, stderr } = run(file);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const want = call?.outputs.output?.data as readonly number[];
      const got = JSON.parse(stdout) as readonly number[];
      expect(got).toHaveLength(want.length);
      for (const [at, value] of got.entries()) expect(value).toBeCloseTo(Number(want[at]), 4);
    };
    expectPrediction(main);

    // A program elsewhere, which imports the package by its path: it is found beside savedmodel.
    const elsewhere = join(temporaryFolder(), "main.mjs");
    writeFileSync(elsewhere, program(join(folder, "node_modules/savedmodel/dist/runtime/index.js")));
    expectPrediction(elsewhere);

    // Beside the program, where savedmodel itself does not search.
    const apart = temporaryFolder();
    mkdirSync(join(apart, "node_modules"));
    symlinkSync(installed, join(apart, "node_modules", packed.name));
    const bare = project();
    writeFileSync(join(apart, "main.mjs"), program(join(bare, "node_modules/savedmodel/dist/runtime/index.js")));
    expectPrediction(join(apart, "main.mjs"));

    const command = join(folder, "node_modules/savedmodel/dist/generator/cli/main.js");
    const report = run(command, "doctor");
    expect(report.status, report.stderr).toBe(0);
    expect(report.stdout.replace(/\s+/g, " ")).toContain(`npm package ✓ TensorFlow ${packed.version} in ${installed}`);

    truncateSync(join(installed, "libtensorflow_cc.so.2"), 100);
    const damaged = run(command, "doctor");
    expect(damaged.status).toBe(1);
    expect(damaged.stdout.replace(/\s+/g, " ")).toContain(`✗ damaged: libtensorflow_cc.so.2 has 100 bytes, not`);
    expect(damaged.stdout.replace(/\s+/g, " ")).toContain(`reinstall ${packed.name}`);

    rmSync(installed, { recursive: true });
    const missing = run(main);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain(`package: ${packed.name} is not installed`);
  });
});

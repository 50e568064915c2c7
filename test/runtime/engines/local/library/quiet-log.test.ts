import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { describe, expect, it, test } from "vitest";
import { requireInstructions } from "../../../../../runtime/engines/local/library/processor.js";
import { expectError } from "../../../../support/errors.js";
import { start } from "../../../../support/library.js";
import { needs, ONLY_LINUX } from "../../../../support/needs.js";
import { compileShared, whyNotCompiled } from "../../../../support/op-library.js";
import { tempFolder } from "../../../../support/temp.js";

const model = fileURLToPath(new URL("../../../../models/custom_model", import.meta.url));
const reason = whyNotCompiled();

/** A library that prints while it is loaded, and then ends the process. */
function compileDying(end: string): string {
  const folder = tempFolder();
  const source = join(folder, "dying.c");
  writeFileSync(
    source,
    `#include <stdio.h>
     #include <stdlib.h>
     #include <unistd.h>
     __attribute__((constructor)) static void die(void) {
       fputs("I0000 00:00:1795440391.474153    4819 port.cc:153] information\\n", stderr);
       fputs("F0000 00:00:1795440391.474153    4819 flags.cc:1] last words\\n", stderr);
       if (write(2, "raw words\\n", 10) != 10) _exit(9);
       ${end};
     }`,
  );
  compileShared(source, join(folder, "libtensorflow.so.2"));
  return folder;
}

describe("crashing libraries", () => {
  needs(reason === undefined, reason ?? "");
  it.each([
    ["an abort", "abort()", { signal: "SIGABRT", code: null }],
    ["an illegal instruction", "__builtin_trap()", { signal: "SIGILL", code: null }],
    ["an exit", "exit(7)", { signal: null, code: 7 }],
  ])(
    "a library that aborts the process while loading leaves its last output on stderr after %s",
    async (_, end, want) => {
      const env = { SAVEDMODEL_TENSORFLOW: compileDying(end), SAVEDMODEL_LOG: "", TF_CPP_MIN_LOG_LEVEL: undefined };
      const { code, signal, stderr } = await start(
        "test/runtime/engines/local/library/use-library.ts",
        [model, "main"],
        env,
      ).ended;
      expect({ code, signal }).toEqual(want);
      expect(stderr).toContain("] last words\n");
      expect(stderr).toContain("raw words\n");
    },
  );
});

describe("threads that load the library at the same time", () => {
  it("threads that load the library concurrently lose no line of stderr, and restore the log level", ({ skip }) => {
    skip(process.platform !== "linux", ONLY_LINUX);
    const folder = tempFolder();
    const file = join(folder, "program.mjs");
    const source = fileURLToPath(new URL("../../../../../runtime/engines/local/library/quiet-log.ts", import.meta.url));
    const bundle = { bundle: true, platform: "node", format: "esm", outfile: join(folder, "quiet.mjs") } as const;
    buildSync({ ...bundle, entryPoints: [source], packages: "external" });
    symlinkSync(fileURLToPath(new URL("../../../../../node_modules", import.meta.url)), join(folder, "node_modules"));
    writeFileSync(
      file,
      `import { createRequire } from "node:module";
       import { isMainThread, Worker, workerData } from "node:worker_threads";
       import { quietly } from "./quiet.mjs";
       const c = createRequire(${JSON.stringify(source)})("koffi").load(null);
       const fputs = c.func("int fputs(const char *text, void *stream)");
       const { decode } = createRequire(${JSON.stringify(source)})("koffi");
       if (isMainThread) {
         const workers = Array.from({ length: 4 }, (_, index) => new Worker(new URL(import.meta.url), { workerData: index }));
         await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));
         console.log(c.func("const char *getenv(const char *name)")("TF_CPP_MIN_LOG_LEVEL"));
       } else {
         for (let count = 0; count < 50; count++) {
           quietly(c, () => {
             const stderr = decode(c.symbol("stderr"), "void *");
             fputs("I0000 00:00:1795440391.474153    4819 port.cc:153] information\\n", stderr);
             fputs("line " + workerData + "." + count + "\\n", stderr);
           });
         }
       }`,
    );
    const env = { ...process.env, SAVEDMODEL_LOG: "", TF_CPP_MIN_LOG_LEVEL: undefined };
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      encoding: "utf8",
      env,
      timeout: 400_000,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "null\n" });
    const lines = [0, 1, 2, 3].flatMap((worker) => Array.from({ length: 50 }, (_, count) => `line ${worker}.${count}`));
    expect(stderr.trimEnd().split("\n").sort()).toEqual(lines.sort());
  }, 400_000);
});

describe("requireInstructions", () => {
  const cpuinfo = (flags: string): string => `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: avx\n`;

  test.each(["fpu sse4_2 avx avx2", "avx", ""])(
    "requireInstructions accepts a processor with the flags %j",
    (flags) => {
      requireInstructions(cpuinfo(flags));
    },
  );

  test("requireInstructions accepts a processor without known flags", () => {
    requireInstructions("");
    requireInstructions();
  });

  test.each(["fpu sse4_2", "avx2 avx512f"])("requireInstructions rejects a processor with the flags %j", (flags) => {
    const error = expectError(() => requireInstructions(cpuinfo(flags)), "UNSUPPORTED_PLATFORM");
    expect(error.rawMessage).toContain("AVX");
    expect(error.fix).toContain("SAVEDMODEL_TENSORFLOW");
  });
});

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { distUrl } from "../../../support/dist.js";
import { needs, ONLY_LINUX } from "../../../support/needs.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

const runtime = distUrl("runtime/index.js");

/** Allocates, feeds and copies until memory runs out, and prints the error codes. */
const PROGRAM = `
  import { Model } from ${JSON.stringify(runtime)};
  const codes = new Set();
  const attempt = (run) => {
    try { return run(); } catch (error) {
      codes.add(error.code ?? (error instanceof RangeError ? "RangeError" : String(error)));
    }
  };
  const model = attempt(() => Model.load(${JSON.stringify(modelFolder("dtypes"))}));
  if (model !== undefined) {
    const kept = [];
    const strings = attempt(() => Array.from({ length: 16 }, () => new Uint8Array(2 ** 22).fill(65)));
    for (let round = 0; round < 2; round++) {
      if (strings !== undefined) kept.push(attempt(() => model.run("string", { x: strings })));
      const tensor = attempt(() => model.allocate("float32", [2 ** 24]));
      if (tensor !== undefined) {
        for (let count = 0; count < 2; count++) kept.push(attempt(() => model.run("float32", { x: tensor })));
      }
    }
  }
  console.log([...codes].join());`;

describe("a process whose memory is limited", () => {
  needs(process.platform === "linux", ONLY_LINUX);
  // In kilobytes: too few for the library, for a model and some calls, for all calls.
  it.each([1_500_000, 2_300_000, 3_200_000])(
    "a process limited to %i kB gets typed errors, and never a segmentation fault",
    (limit) => {
      const file = join(tempFolder(), "program.mjs");
      writeFileSync(file, PROGRAM);
      const command = 'ulimit -v "$1" && shift && exec "$@"';
      const program = [process.execPath, "--max-old-space-size=300", file];
      const options = { encoding: "utf8", timeout: 600_000, killSignal: "SIGKILL" } as const;
      const ended = spawnSync("sh", ["-c", command, "sh", `${limit}`, ...program], options);
      if (ended.signal === "SIGABRT") {
        // Out of memory for small objects of the engine's or TensorFlow's own, which they say.
        expect(ended.stderr).toMatch(/FATAL ERROR|out of memory|bad_alloc/i);
        return;
      }
      expect({ status: ended.status, signal: ended.signal }, ended.stderr).toEqual({ status: 0, signal: null });
      const codes = ended.stdout
        .trim()
        .split(",")
        .filter((code) => code !== "");
      // The program's own arrays are a RangeError.
      const known = ["LIBRARY_NOT_FOUND", "LOAD_FAILED", "TF_RESOURCE_EXHAUSTED", "RangeError"];
      expect(codes.filter((code) => !known.includes(code))).toEqual([]);
    },
    1_200_000,
  );
});

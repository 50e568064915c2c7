import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { FuzzReport } from "../../support/fuzz.js";

const INPUTS = 20_000;
/** It ends what hangs: the usual is a minute. */
const TIMEOUT = 3_600_000;

const script = fileURLToPath(new URL("../../support/fuzz.ts", import.meta.url));

describe(`${INPUTS} broken models`, () => {
  let report: FuzzReport;
  beforeAll(() => {
    report = fuzz();
  }, TIMEOUT);

  it("broken models are described and generated, or rejected with a SavedModelError", () => {
    expect(report.failures).toEqual([]);
    const { described = 0, MODEL_CORRUPT = 0, TAGS_NOT_FOUND = 0 } = report.outcomes;
    expect(described + MODEL_CORRUPT + TAGS_NOT_FOUND).toBe(INPUTS);
  });

  it("broken models cover both outcomes many times", () => {
    expect(report.outcomes.described).toBeGreaterThan(INPUTS / 5);
    expect(report.outcomes.MODEL_CORRUPT).toBeGreaterThan(INPUTS / 5);
    expect(report.generated).toBeGreaterThan(INPUTS / 40);
  });

  // Each takes moments, of the processor's time: how busy the machine is does not matter.
  it("broken models do not hang the generator", () => {
    expect(report.slowestMs, report.slowest).toBeLessThan(30_000);
  });

  it("broken models take no more memory than the generator itself", () => {
    expect(report.megabytes).toBeLessThan(500);
  });
});

/** Runs in a process that can be ended if it hangs, and that ends if it needs much memory. */
function fuzz(): FuzzReport {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--max-old-space-size=256", "--import", "tsx", script, "0", `${INPUTS}`],
    { encoding: "utf8", timeout: TIMEOUT },
  );
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  if (status !== 0) throw new Error(`ended with ${signal ?? status} after input ${last}: ${stderr.slice(-2000)}`);
  return JSON.parse(last) as FuzzReport;
}

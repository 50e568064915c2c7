import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { GoldenCall } from "../support/goldens.js";
import type { Python } from "./environment.js";

interface Expectation {
  readonly name: string;
  /** The saved folder, and the one it was saved from. */
  readonly saved: string;
  readonly original: string;
  readonly title: string;
  /** The calls that were made after saving, in their order, with their results. */
  readonly calls: readonly GoldenCall[];
}

/** Checks that Python returns the same results, and that the saved folder differs only in its variables. */
export function verify(python: Python, { name, saved, original, title, calls }: Expectation): boolean {
  const expected = `${saved}.expected.json`;
  writeFileSync(expected, JSON.stringify({ model: name, cases: [{ name: title, calls }] }, null, 1));
  const script = fileURLToPath(new URL("verify.py", import.meta.url));
  const { status } = spawnSync(python.command, [script, saved, expected, original], {
    stdio: "inherit",
    env: python.env,
  });
  return status === 0;
}

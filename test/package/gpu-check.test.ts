import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("`npm run gpu-check` says plainly that there is no GPU, with its own exit code", ({ skip }) => {
  skip(existsSync("/proc/driver/nvidia"), "this machine has a GPU");
  const script = fileURLToPath(new URL("../../.ci/platforms/gpu-check.ts", import.meta.url));
  const tsx = fileURLToPath(import.meta.resolve("tsx/cli"));
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsx, script], { encoding: "utf8" });
  expect(status, stderr).toBe(2);
  expect(stdout).toMatch(/^There is no GPU, so nothing was checked\.\nGPU_NOT_FOUND: load\(\): /);
}, 600_000);

it("`npm run gpu-check -- <library>` names a library that does not load", () => {
  const script = fileURLToPath(new URL("../../.ci/platforms/gpu-check.ts", import.meta.url));
  const tsx = fileURLToPath(import.meta.resolve("tsx/cli"));
  const { status, stdout } = spawnSync(process.execPath, [tsx, script, "/none"], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^Nothing was checked: LIBRARY_NOT_FOUND: SAVEDMODEL_TENSORFLOW is \/none/);
}, 600_000);

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { phases } from "../../../../bench/node/phases.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

it("calls, loads, saves, restores and trainings do not leak (npm run soak -- --short)", () => {
  const parameters = ["--import", tsx, "bench/soak.ts", "--short"];
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: root, encoding: "utf8" });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout.match(/MB resident after warm-up/g)).toHaveLength(phases.length);
});

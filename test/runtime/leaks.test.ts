import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { phases } from "../../bench/node/phases.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

// What `npm run soak -- --short` does, of the package that was built before the tests.
it.each(phases.map(({ name, unit }) => ({ name, unit })))("$unit leave nothing behind", ({ name }) => {
  const { VITEST: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", tsx, "bench/soak.ts", "--short", "--only", name],
    { cwd: root, encoding: "utf8", env },
  );
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toMatch(/MB resident after warm-up/);
});

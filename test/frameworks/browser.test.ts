import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { expect, it } from "vitest";
import { readCases } from "../support/goldens.js";
import { NO_CHROMIUM, needs } from "../support/needs.js";
import { startKServeRest } from "../support/servers/kserve-server.js";
import { tempFolder } from "../support/temp.js";
import { copyExample, generateClient, run } from "./project.js";
import { startService } from "./service.js";

const chromium = findChromium();
needs(chromium !== undefined, NO_CHROMIUM);

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const named = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return [process.env.CHROMIUM ?? "", ...named].find((path) => path !== "" && existsSync(path));
}

/** Opens a page in headless Chromium, and returns its document after its programs have run. */
function documentOf(url: string): Promise<string> {
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    `--user-data-dir=${tempFolder()}`,
    // Time passes only where nothing is loaded.
    "--virtual-time-budget=60000",
    "--dump-dom",
  ];
  return new Promise((resolve, reject) => {
    execFile(chromium ?? "", [...flags, url], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}

it("examples/browser draws the predictions of a served model: Python's numbers, in Chromium", async () => {
  const folder = copyExample("browser", "test/models/regression");
  generateClient(folder, "regression.ts");
  run(folder, "npm", "run", "types");
  run(folder, "npm", "run", "build");
  await using server = await startKServeRest("regression");
  const vite = join(createRequire(join(folder, "package.json")).resolve("vite/package.json"), "../bin/vite.js");
  const page = await startService(folder, [vite, "preview"], { MODEL_SERVER: server.url });

  const calls = readCases("regression").flatMap(({ calls }) => calls);
  const call = calls.find(({ signature, inputs }) => signature === "pred" && inputs.x?.shape[0] === 1);
  const [a, b] = call?.inputs.x?.data ?? [];
  const drawn = await documentOf(`${page.url}/?a=${a}&b=${b}`);
  expect(Number(/<output>(.*)<\/output>/.exec(drawn)?.[1])).toBeCloseTo(Number(call?.outputs.prediction?.data?.[0]), 5);

  const initial = calls.find(({ signature }) => signature === "weights")?.outputs;
  const [wa = 0, wb = 0] = (initial?.w?.data ?? []).map(Number);
  const bias = Number(initial?.b?.data?.[0]);
  const heights = Array.from(drawn.matchAll(/data-height="([^"]+)"/g), ([, height]) => Number(height));
  const axis = Array.from({ length: 21 }, (_, index) => index / 10 - 1);
  expect(heights).toHaveLength(21 * 21);
  const expected = axis.flatMap((y) => axis.map((x) => wa * x + wb * y + bias));
  expect(heights.filter((height, index) => Math.abs(height - (expected[index] ?? Number.NaN)) > 1e-5)).toEqual([]);
  expect(server.calls).toBe(2);
});

it("examples/browser shows what is wrong where the server does not answer", async () => {
  const folder = copyExample("browser", "test/models/regression");
  generateClient(folder, "regression.ts");
  run(folder, "npm", "run", "build");
  await using server = await startKServeRest("counter");
  const vite = join(createRequire(join(folder, "package.json")).resolve("vite/package.json"), "../bin/vite.js");
  const page = await startService(folder, [vite, "preview"], { MODEL_SERVER: server.url });
  expect(await documentOf(page.url)).toMatch(/<output>TF_NOT_FOUND: .*regression/);
});

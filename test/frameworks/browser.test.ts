import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chromium, whenInPage } from "../support/chromium.js";
import { readCases } from "../support/goldens.js";
import { NO_CHROMIUM, needs } from "../support/needs.js";
import { startKServeRest } from "../support/servers/kserve-server.js";
import { copyExample, generateClient, run } from "./project.js";
import { startService } from "./service.js";

needs(chromium !== undefined, NO_CHROMIUM);

/** Opens a page of the example in headless Chromium, and returns its document once it has an answer. */
async function documentOf(url: string): Promise<string> {
  const answer = 'document.querySelector("output")?.textContent';
  const drawn = `[undefined, "…"].includes(${answer}) ? null : document.documentElement.outerHTML`;
  return String(await whenInPage(url, drawn));
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

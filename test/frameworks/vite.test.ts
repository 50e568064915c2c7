import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readCases } from "../support/goldens.js";
import { until } from "./http.js";
import { copyExample, generateClient, run } from "./project.js";
import { type Service, startService } from "./service.js";

const MODEL = "test/models/custom_model";

async function prediction({ url }: Service, query = ""): Promise<number> {
  const response = await fetch(`${url}/${query}`);
  const page = await response.text();
  expect([response.status, response.headers.get("content-type")], page).toEqual([200, "text/html; charset=utf-8"]);
  return Number(page.match(/<output>(.*)<\/output>/)?.[1]);
}

/** The pages of the inputs of the golden have the numbers of Python. */
async function expectPages(service: Service): Promise<void> {
  const calls = readCases("custom_model").find(({ name }) => name === "an untrained model predicts")?.calls ?? [];
  expect(calls).not.toEqual([]);
  for (const { inputs, outputs } of calls) {
    const [a, b] = inputs.inputs?.data ?? [];
    expect(await prediction(service, `?a=${a}&b=${b}`)).toBeCloseTo(Number(outputs.output?.data?.[0]), 5);
  }
}

it("examples/vite is built with a client that the plugin generates, and renders Python's numbers", async () => {
  const folder = copyExample("vite", MODEL);
  run(folder, "npm", "run", "build");
  expect(existsSync(join(folder, "src/generated/custom-model.ts"))).toBe(true);
  run(folder, "npm", "run", "types");
  generateClient(folder, "custom-model.ts");

  const bundle = readFileSync(join(folder, "dist/server.js"), "utf8");
  expect(bundle.match(/from "[^"]+"/g)).toEqual(['from "node:http"', 'from "savedmodel"']);
  const service = await startService(folder, "dist/server.js");
  await expectPages(service);
  service.signal("SIGTERM");
  expect(await service.exited).toBe(0);
});

it("examples/vite renders the same in development, and reflects changes", async () => {
  const folder = copyExample("vite", MODEL);
  const service = await startService(folder, "dev.js");
  await expectPages(service);

  const page = join(folder, "src/page.ts");
  writeFileSync(page, readFileSync(page, "utf8").replace("The model says", "The answer is"));
  await until(async () => (await (await fetch(service.url)).text()).includes("The answer is"));
  await expectPages(service);
  service.signal("SIGTERM");
  expect(await service.exited).toBe(0);
});

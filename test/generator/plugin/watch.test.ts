import { cpSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchProject } from "../../../generator/watch/watch-project.js";
import { modelFolder } from "../../support/temp.js";
import { type App, makeApp } from "./app.js";
import { watchers } from "./watchers.js";

/** Ends a wait that would never end; no test is about time. */
const WAIT = { timeout: 600_000, interval: 20 };

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Exports another model to where the app has its own. */
function exportModel({ root }: App, name: string): void {
  cpSync(join(modelFolder(name), "saved_model.pb"), join(root, "models/regression/saved_model.pb"));
}

it.each(Object.entries(watchers))(
  "%s bundles the client of each export while it watches, and not afterwards",
  async (_, watch) => {
    const app = makeApp();
    const { code, close } = await watch(app);
    const expectSignature = (key: string): Promise<void> =>
      vi.waitFor(async () => expect((await code()).includes(`"${key}"`)).toBe(true), WAIT);
    try {
      await expectSignature("weights");
      exportModel(app, "counter");
      await expectSignature("increment");
      truncateSync(join(app.root, "models/regression/saved_model.pb"), 100);
      exportModel(app, "spin");
      await expectSignature("turned");
    } finally {
      await close();
    }
    exportModel(app, "counter");
    await generatedElsewhere(app);
    expect(readFileSync(join(app.root, "generated/regression.ts"), "utf8")).toContain('"turned"');
  },
);

/** Returns when another watch, which began later, has done its work twice. */
async function generatedElsewhere({ root }: App): Promise<void> {
  const controller = new AbortController();
  let changes = 0;
  const ended = watchProject({ models: ["models/*"], output: "elsewhere" }, root, {
    signal: controller.signal,
    onChange: () => void changes++,
  });
  await vi.waitFor(() => expect(changes).toBe(1), WAIT);
  exportModel({ root, entry: "" }, "counter");
  await vi.waitFor(() => expect(changes).toBe(2), WAIT);
  controller.abort();
  await ended;
}

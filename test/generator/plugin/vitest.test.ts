import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { strangersFolder } from "../../support/stranger.js";
import { modelFolder } from "../../support/temp.js";

const CONFIG = `
import { savedmodel } from "savedmodel/vite";
export default {
  plugins: [
    savedmodel({ models: ["models/regression"] }),
    savedmodel({ models: ["models/counter"], output: "other" }),
  ],
  ssr: { noExternal: EXTERNAL },
};
`;

const TEST = `
import { expect, it } from "vitest";
import { Regression } from "../generated/regression.js";
import { Counter } from "../other/counter.js";
it("predicts", () => {
  const model = Regression.load();
  expect(model.pred([[-0.625, 0.25]]).toArray()).toEqual([[-0.375]]);
  model.dispose();
  expect(Counter.prototype).toHaveProperty("increment");
});
`;

it.each(["[]", "true"])(
  "Vitest uses the clients of two plugins, with noExternal: %s",
  (external) => {
    const root = strangersFolder();
    for (const name of ["regression", "counter"]) {
      cpSync(modelFolder(name), join(root, "models", name), { recursive: true });
    }
    mkdirSync(join(root, "test"));
    writeFileSync(join(root, "package.json"), '{ "type": "module" }');
    writeFileSync(join(root, "vitest.config.ts"), CONFIG.replace("EXTERNAL", external));
    writeFileSync(join(root, "test/predict.test.ts"), TEST);
    const { status, stdout, stderr } = spawnSync("npx", ["vitest", "run", "--root", root], {
      cwd: root,
      encoding: "utf8",
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST|^NODE_ENV$/.test(name))),
      shell: process.platform === "win32",
    });
    expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/1 passed/), expect.anything()]);
    expect([readdirSync(join(root, "generated")), readdirSync(join(root, "other"))]).toEqual([
      ["regression.ts"],
      ["counter.ts"],
    ]);
  },
  120_000,
);

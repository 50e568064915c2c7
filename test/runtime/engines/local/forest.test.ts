import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { opPackFolder } from "../../../../runtime/engines/local/library/op-pack.js";
import { openLibrary } from "../../../../runtime/engines/local/library/open-library.js";
import { currentPlatform } from "../../../../runtime/engines/local/library/platform.js";
import { Model } from "../../../../runtime/index.js";
import { savedmodel } from "../../../support/cli.js";
import { expectError } from "../../../support/errors.js";
import { expectGolden, type GoldenCase, toTensor } from "../../../support/goldens.js";
import { needs } from "../../../support/needs.js";
import { tempFolder } from "../../../support/temp.js";

/** Written by forest.py, with what Python answers. */
const folder = fileURLToPath(new URL("forest", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}.golden.json`, "utf8")) as {
  readonly cases: readonly GoldenCase[];
};
const PACK = "tensorflow-decision-forests";

// An operation stays for as long as the process lives, so what is true before comes first.
describe("a decision forest", () => {
  it("names the command that installs the operations which a forest needs", () => {
    const error = expectError(() => Model.load(folder), "OP_NOT_REGISTERED");
    expect(error.fix).toContain(`run \`npx savedmodel install --with ${PACK}\`, and pass "${PACK}" to load()`);
    const { stdout } = savedmodel(["inspect", folder]);
    expect(stdout.replace(/\s+/g, " ")).toContain(`SimpleMLInferenceOpWithHandle (${PACK})`);
  });

  describe("with the pack", () => {
    const isInstalled = existsSync(opPackFolder(PACK, openLibrary().version, currentPlatform()));
    needs(isInstalled, `${PACK} is not installed: run \`npx savedmodel install --with ${PACK}\``);

    it.each(cases)("$name: predicts what Python predicts, also after it is saved", ({ calls }) => {
      const saved = join(tempFolder(), "saved");
      using model = Model.load(folder, { opLibraries: [PACK] });
      model.save(saved);
      using again = Model.load(saved, { opLibraries: [PACK] });
      for (const { signature, inputs, outputs } of calls) {
        const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
        for (const loaded of [model, again]) {
          const results = loaded.run(signature, tensors);
          for (const [key, golden] of Object.entries(outputs)) expectGolden(results[key], golden, key, 1e-5);
        }
      }
    });
  });
});

import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Diagnosis } from "../../../generator/library/diagnose.js";
import { readRunPath } from "../../../generator/library/elf-run-path.js";
import { realLibrary, savedmodel, temporaryFolder } from "../../support/library.js";

const clean = { SAVEDMODEL_TENSORFLOW: "", VIRTUAL_ENV: "", CONDA_PREFIX: "", FORCE_COLOR: "", CI: "" };

async function doctor(env: Readonly<Record<string, string>>): Promise<{ code: number | null; diagnosis: Diagnosis }> {
  const { code, stdout } = await savedmodel(["doctor", "--json"], { ...clean, ...env });
  return { code, diagnosis: JSON.parse(stdout) };
}

test("doctor --json names the library in use and the result for every place", async () => {
  const { main } = realLibrary();
  const { code, diagnosis } = await doctor({
    SAVEDMODEL_TENSORFLOW: dirname(main),
    SAVEDMODEL_CACHE: temporaryFolder(),
  });
  expect(code).toBe(0);
  expect(diagnosis.library).toMatchObject({ place: "environment", main });
  expect(diagnosis.places.map(({ place }) => place)).toEqual(["environment", "package", "cache", "system", "python"]);
  expect(diagnosis.node).toBe(process.versions.node);
});

test("doctor says that a library without CUDA finds no GPU", async ({ skip }) => {
  const { main, framework } = realLibrary();
  const env = { SAVEDMODEL_TENSORFLOW: main, SAVEDMODEL_CACHE: temporaryFolder() };
  const isForGpus = (await readRunPath(framework)).some((folder) => folder.includes("/nvidia/"));
  skip(isForGpus, "the tests run with a library for GPUs");
  const { diagnosis } = await doctor(env);
  expect(diagnosis.gpu).toEqual({ devices: [], reasons: [expect.stringMatching(/ is built without CUDA$/)] });
  const { stdout } = await savedmodel(["doctor"], { ...clean, ...env });
  expect(stdout).toMatch(/^GPU +– none: /m);
});

test("doctor exits with 1 when there is no library", async () => {
  const folder = temporaryFolder();
  const { code, diagnosis } = await doctor({ SAVEDMODEL_CACHE: folder, PATH: folder });
  expect(code).toBe(1);
  expect(diagnosis).toMatchObject({ library: null, gpu: null });
});

test("doctor does not report a library as in use if an invalid SAVEDMODEL_TENSORFLOW hides it", async () => {
  const { code, diagnosis } = await doctor({ SAVEDMODEL_TENSORFLOW: import.meta.filename });
  expect(code).toBe(1);
  expect(diagnosis.library).toBeNull();
  expect(diagnosis.places[0]?.candidates[0]).toMatchObject({ loads: false, version: null });
});

test("doctor prints a table without colors when there is no terminal", async () => {
  const folder = temporaryFolder();
  const { stdout } = await savedmodel(["doctor"], { ...clean, SAVEDMODEL_CACHE: join(folder, "cache"), PATH: folder });
  expect(stdout).toMatch(/^environment +– SAVEDMODEL_TENSORFLOW is not set$/m);
  expect(stdout).toMatch(/^installed +– nothing is installed$/m);
  expect(stdout).toContain("No TensorFlow library can be used. Run `npx savedmodel install`.");
});

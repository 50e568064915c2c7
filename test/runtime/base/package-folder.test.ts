import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { expect, it } from "vitest";
import { foldersFrom, packageOf } from "../../../runtime/base/package-folder.js";
import { tempFolder } from "../../support/temp.js";

it("a folder belongs to the nearest package around it", () => {
  const root = tempFolder();
  const inner = join(root, "packages/inner");
  mkdirSync(join(inner, "src/generated"), { recursive: true });
  for (const folder of [root, inner]) writeFileSync(join(folder, "package.json"), "{}");
  expect(packageOf(join(inner, "src/generated"))).toBe(inner);
  expect(packageOf(inner)).toBe(inner);
  expect(packageOf(join(root, "packages"))).toBe(root);
  expect(packageOf(join(root, "not/there/yet"))).toBe(root);
});

it("lists a folder and all that it is in, up to the root of the file system", () => {
  const { root } = parse(process.cwd());
  const folders = foldersFrom(".");
  expect(folders[0]).toBe(process.cwd());
  expect(folders.at(-1)).toBe(root);
  for (const [index, folder] of folders.slice(1).entries()) expect(folder).toBe(dirname(`${folders[index]}`));
  expect(foldersFrom(root)).toEqual([root]);
});

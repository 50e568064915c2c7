import { chmodSync, existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  installFolder,
  isVersion,
  lookUpInstalled,
} from "../../../../../runtime/engines/local/library/library-cache.js";
import { searchLibrary } from "../../../../../runtime/engines/local/library/library-search.js";
import { currentPlatform } from "../../../../../runtime/engines/local/library/platform.js";
import { temporaryFolder } from "../../../../support/library.js";

const platform = currentPlatform();
let cache: string;

beforeEach(() => {
  cache = temporaryFolder();
  vi.stubEnv("SAVEDMODEL_CACHE", cache);
  vi.stubEnv("SAVEDMODEL_TENSORFLOW", "");
  return () => vi.unstubAllEnvs();
});

test("searches places in order, and starts Python only when it is reached", () => {
  const marker = join(cache, "started");
  writeFileSync(join(cache, "python3"), `#!/bin/sh\necho yes > ${marker}\n`);
  chmodSync(join(cache, "python3"), 0o755);
  vi.stubEnv("PATH", cache);
  vi.stubEnv("VIRTUAL_ENV", "");
  vi.stubEnv("CONDA_PREFIX", "");
  const places: string[] = [];
  for (const { place } of searchLibrary(platform)) {
    places.push(place);
    expect(existsSync(marker)).toBe(place === "python");
  }
  expect(places).toEqual(["environment", "package", "cache", "system", "python"]);
});

describe("an installed version", () => {
  const main = platform.mainNames[0] ?? "";
  const manifest = {
    version: "1.2.3",
    platform: platform.name,
    source: "folder",
    main,
    framework: null,
    files: [{ name: main, size: 4 }],
  };

  function install(): string {
    const folder = installFolder("1.2.3", platform);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, main), "abcd");
    writeFileSync(join(folder, "library.json"), JSON.stringify(manifest));
    return folder;
  }

  test("finds an installed version with its files", () => {
    const folder = install();
    expect(lookUpInstalled("1.2.3", platform)).toMatchObject({ found: true, library: { main: join(folder, main) } });
  });

  test.each([
    ["a truncated library", "has 2 bytes, not 4", (folder: string) => truncateSync(join(folder, main), 2)],
    [
      "a broken manifest",
      "library.json cannot be read",
      (folder: string) => truncateSync(join(folder, "library.json"), 9),
    ],
  ])("reports an installed version with %s as damaged", (_name, reason, damage) => {
    damage(install());
    expect(lookUpInstalled("1.2.3", platform)).toMatchObject({ found: false, reason: expect.stringContaining(reason) });
  });
});

test.each([
  ["2.21.0", true],
  ["2.21.0-rc1", true],
  ["2.21.0rc1", true],
  ["2.21", false],
  ["../../etc", false],
  ["--help", false],
  ["2.21.0/..", false],
  ["", false],
])("isVersion(%j) is %j", (text, want) => {
  expect(isVersion(text)).toBe(want);
});

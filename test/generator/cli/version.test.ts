import { expect, it } from "vitest";
import { isOlder } from "../../../generator/cli/inspect/version.js";

it.each([
  ["2.21.0", "2.22.0", true],
  ["2.9.3", "2.10.0", true],
  ["1.15.0", "2.0.0-beta1", true],
  ["2.20.0", "2.21.0-rc1", true],
  ["2.21.0", "2.21.5", false],
  ["2.21.0-rc1", "2.21.0", false],
  ["2.21.0", "1.15.0", false],
  ["2.21.0", "2.9.0-dev20220227", false],
  ["2.21.0", "unknown", false],
  ["2.21.0", "", false],
  ["2.21.0", "v2.99", false],
])("%s is older than %j: %s", (version, other, expected) => {
  expect(isOlder(version, other)).toBe(expected);
});

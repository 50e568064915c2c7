import { expect, it } from "vitest";
import { problemsOf, readFaults } from "./runner/faults.js";

const faults = await readFaults();

it("every listed fault can be injected, and names the tests that must detect it", () => {
  expect(problemsOf(faults)).toEqual([]);
  // Enough of them, over all parts, for the share that is noticed to mean something.
  expect(faults.length).toBeGreaterThanOrEqual(150);
});

it("detects problems of a list", () => {
  const fault = {
    id: "call-x",
    file: "runtime/client/base-model.ts",
    find: "export class BaseModel",
    replace: "class BaseModel",
    effect: "",
    tests: ["test/goldens.test.ts"],
  };
  expect(problemsOf([fault])).toEqual([]);
  expect(
    problemsOf([
      fault,
      { ...fault, find: "const " },
      { ...fault, id: "Call", file: "runtime/none.ts" },
      { ...fault, id: "call-tests", tests: ["test/none.test.ts"] },
      { ...fault, id: "call-none", tests: [], replace: fault.find },
    ]),
  ).toEqual([
    expect.stringMatching(/^call-x: find occurs \d+ times in runtime\/client\/base-model\.ts, expected once$/),
    "call-x: the id occurs twice",
    "Call: the id is not in kebab-case with an area in front",
    "Call: runtime/none.ts does not exist",
    "call-tests: test/none.test.ts is not a test file",
    "call-none: find and replace are equal",
    "call-none: no test file is listed",
  ]);
});

import { expect, it } from "vitest";
import { GOAL_COMPARISONS } from "../../bench/goals.js";
import { isWanted, parseOptions, USAGE } from "../../bench/options.js";

const defaults = { quick: false, json: undefined, save: false, goals: false, only: [], python: undefined };

it("parses the options of a run", () => {
  expect(parseOptions([])).toEqual(defaults);
  expect(parseOptions(["--quick", "--json", "x.json", "--only", "train", "--only", "cnn"])).toEqual({
    ...defaults,
    quick: true,
    json: "x.json",
    only: ["train", "cnn"],
  });
  expect(parseOptions(["--save"])).toEqual({ ...defaults, save: true });
  expect(parseOptions(["--docs"])).toBe("docs");
  expect(parseOptions(["--docs", "--help"])).toBe("help");
});

it("--goals selects what the goals need, unless comparisons are selected", () => {
  expect(parseOptions(["--goals"])).toEqual({ ...defaults, goals: true, only: GOAL_COMPARISONS });
  expect(parseOptions(["--goals", "--only", "pred"])).toMatchObject({ goals: true, only: ["pred"] });
  expect(GOAL_COMPARISONS).toContain("mobilenet/32");
});

it("rejects unknown options and arguments, and saving a quick run", () => {
  expect(() => parseOptions(["--quick", "--save"])).toThrow("--save is for whole runs");
  expect(() => parseOptions(["--fast"])).toThrow(TypeError);
  expect(() => parseOptions(["train"])).toThrow(TypeError);
});

it("a group selects its comparisons, and only these", () => {
  expect(isWanted("identity/1KB", ["identity"])).toBe(true);
  expect(isWanted("identity/1KB", ["identity/1MB", "train"])).toBe(false);
  expect(isWanted("inspect", ["in"])).toBe(false);
  expect(isWanted("inspect", [])).toBe(true);
});

it("the help explains every option", () => {
  for (const option of ["quick", "only", "goals", "python", "json", "save", "docs"])
    expect(USAGE).toContain(`--${option}`);
});

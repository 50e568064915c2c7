import { describe, expect, it } from "vitest";
import { checkCount, checkFlag, checkOptions, checkTags, checkThreads } from "../../../runtime/base/check-options.js";
import { compareNatural, firstLine, nearest, printable, quote, reasonOf, suggest } from "../../../runtime/base/text.js";
import { expectError } from "../../support/errors.js";

describe("text from a model", () => {
  it.each([
    ["plain", '"plain"'],
    ['a"b', '"a\\"b"'],
    ["a\nb\u202e\u200b", '"a\\u{a}b\\u{202e}\\u{200b}"'],
    ["x".repeat(121), `"${"x".repeat(120)}…"`],
    ["x".repeat(120), `"${"x".repeat(120)}"`],
  ])("quotes %j as %s", (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });

  it("truncates strings on request", () => {
    expect([printable("abc", 2), printable("abc", 3)]).toEqual(["ab…", "abc"]);
    expect(firstLine("first\u0007\nsecond")).toBe("first\\u{7}");
    expect(firstLine("x".repeat(501))).toBe(`${"x".repeat(500)}…`);
  });

  it("converts thrown values to the message of an error, or the value", () => {
    expect([reasonOf(new TypeError("wrong")), reasonOf("thrown")]).toEqual(["wrong", "thrown"]);
  });
});

describe("a suggestion", () => {
  it.each([
    ["prdict", "predict"],
    ["PREDICT", "predict"],
    ["trian", "train"],
    ["something", undefined],
    ["learning_rte", "learning_rate"],
  ])("suggests for %s: %s", (name, meant) => {
    expect(nearest(name, ["train", "predict", "learning_rate"])).toBe(meant);
  });

  it("suggests the nearest of several names", () => {
    expect(nearest("input_2", ["input_34", "input_1", "input_22"])).toBe("input_1");
  });

  it("lists the existing names if none is near", () => {
    expect(suggest("x", ["train", "predict"], "Its signatures")).toBe('Its signatures: "train", "predict".');
    expect(suggest("x", [], "Its signatures")).toBe("Its signatures: none.");
    expect(suggest("trian", ["train"], "Its signatures")).toBe('Did you mean "train"?');
    expect(suggest("anything", ["train"], "Options", String)).toBe("Options: train.");
  });
});

describe("natural order", () => {
  it.each([
    [
      ["output_10", "output_2", "output_02"],
      ["output_02", "output_2", "output_10"],
    ],
    [
      ["b", "a10", "a9", "B"],
      ["B", "a9", "a10", "b"],
    ],
    [
      ["x1y2", "x1y10", "x1", "x"],
      ["x", "x1", "x1y2", "x1y10"],
    ],
    [
      ["10", "9", "a"],
      ["9", "10", "a"],
    ],
    [
      ["n99999999999999999999", "n100000000000000000000"],
      ["n99999999999999999999", "n100000000000000000000"],
    ],
  ])("natural order of %j is %j", (names, sorted) => {
    expect([...names].sort(compareNatural)).toEqual(sorted);
    expect([...names].reverse().sort(compareNatural)).toEqual(sorted);
  });
});

describe("options", () => {
  it.each([[null], [["tags"]], ["tags"], [1]])("%j is not an options object", (options) => {
    expectError(() => checkOptions("load()", options as never, ["tags"]), "INVALID_ARGUMENT");
  });

  it("unknown options are rejected, with the nearest existing one", () => {
    const { message } = expectError(() => checkOptions("load()", { tag: 1 }, ["tags", "xla"]), "INVALID_OPTION");
    expect(message).toBe('INVALID_OPTION: load() has no option "tag". Did you mean "tags"?');
    expect(() => checkOptions("load()", { tags: 1 }, ["tags", "xla"])).not.toThrow();
  });

  it.each([["serve"], [[1]], [["a\0b"]], [{}], [null]])("tags cannot be %j", (tags) => {
    expectError(() => checkTags("load()", tags), "INVALID_OPTION");
  });

  it.each([[undefined], [[]], [["serve", "gpu"]]])("tags can be %j", (tags) => {
    expect(() => checkTags("load()", tags)).not.toThrow();
  });

  it("counts are positive integers, or infinite", () => {
    for (const count of [undefined, 1, 1024, Number.POSITIVE_INFINITY]) checkCount("load()", "epochs", count);
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 53, "1", null]) {
      expectError(() => checkCount("load()", "epochs", count), "INVALID_OPTION");
    }
  });

  it("threads are limited to 1024", () => {
    for (const threads of [undefined, 1, 1024]) checkThreads("load()", "threads", threads);
    for (const threads of [0, 1025, 1.5, "1", Number.POSITIVE_INFINITY]) {
      expectError(() => checkThreads("load()", "threads", threads), "INVALID_OPTION");
    }
  });

  it("flags are true or false", () => {
    for (const flag of [undefined, true, false]) checkFlag("load()", "xla", flag);
    for (const flag of [null, 0, "true"]) expectError(() => checkFlag("load()", "xla", flag), "INVALID_OPTION");
  });
});

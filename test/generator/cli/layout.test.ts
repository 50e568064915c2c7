import { afterEach, describe, expect, it, vi } from "vitest";
import { columnsOf, flow, list } from "../../../generator/cli/ui/layout.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const wordsOf = (text: string): readonly { readonly text: string }[] => text.split(" ").map((text) => ({ text }));

describe("flow", () => {
  it.each([
    ["text that fits stays on one line", "one two three", 13, "one two three"],
    ["text that does not fit goes to the next line, indented", "one two three", 12, "one two\n  three"],
    [
      "a word that fits no line is broken behind a part of it",
      "layers/hidden/kernel",
      12,
      "layers/\n  hidden/\n  kernel",
    ],
    ["or before a capital letter", "StatefulPartitionedCall", 14, "Stateful\n  Partitioned\n  Call"],
    ["a word without parts is broken anywhere", "abcdefghijklm", 6, "abcdef\n  ghij\n  klm"],
    ["characters of two columns count as such", "日本語 日本語", 12, "日本語\n  日本語"],
    ["without a width there is no limit", "one two three", Number.POSITIVE_INFINITY, "one two three"],
  ])("%s", (_, text, width, expected) => {
    expect(flow(wordsOf(text), width, 2)).toBe(expected);
  });

  it("flow counts the text already on the first line, and breaks it if no word fits", () => {
    expect(flow(wordsOf("ab cd"), 10, 2, 6)).toBe("ab\n  cd");
    expect(flow(wordsOf("abcdef"), 10, 2, 6)).toBe("\n  abcdef");
  });

  it("flow does not break words marked as whole", () => {
    const words = [{ text: "in" }, { text: "models/my_model", isWhole: true }, { text: "there" }];
    expect(flow(words, 12, 2)).toBe("in\n  models/my_model\n  there");
  });

  it.each([
    ["accents", "größe".normalize("NFD"), 2, "gr\nöß\ne".normalize("NFD")],
    ["a family", "👩‍👩‍👧👩‍👩‍👧", 2, "👩‍👩‍👧\n👩‍👩‍👧"],
    ["a flag", "🇩🇪🇫🇷", 2, "🇩🇪\n🇫🇷"],
    ["a sign with an emoji's form", "ab❤️", 4, "ab❤️"],
    ["half a width", "ｱｲｳｴ", 2, "ｱｲ\nｳｴ"],
  ])(
    "breaks between the characters that a reader sees, as wide as a terminal shows them: %s",
    (_, text, width, expected) => {
      expect(flow([{ text }], width, 0)).toBe(expected);
    },
  );

  it("flow never produces a line without a character, however narrow", () => {
    expect(flow(wordsOf("日本 x"), 1, 0)).toBe("日\n本\nx");
  });

  it("flow styles adjacent words of the same style together, on each line", () => {
    const style = (text: string): string => `<${text}>`;
    const words = [{ text: "a" }, { text: "b", style, gap: 2 }, { text: "c", style }, { text: "d", style }];
    expect(flow(words, 6, 1)).toBe("a  <b c>\n <d>");
  });
});

it("joins list items with commas", () => {
  expect(list(["a", "b", "c"]).map(({ text }) => text)).toEqual(["a,", "b,", "c"]);
  expect(list([])).toEqual([]);
});

it("uses a width only for a terminal that knows its size", () => {
  vi.stubEnv("COLUMNS", undefined);
  const endless = Number.POSITIVE_INFINITY;
  expect(columnsOf({ isTTY: true, columns: 80 })).toBe(80);
  expect(columnsOf({ isTTY: true, columns: 3 })).toBe(20);
  expect([{ isTTY: true, columns: 0 }, { isTTY: true }, { columns: 80 }, {}].map(columnsOf)).toEqual([
    endless,
    endless,
    endless,
    endless,
  ]);
});

it.each([
  ["100", 100],
  ["5", 20],
  ["0", 80],
  ["wide", 80],
  ["", 80],
])("COLUMNS=%s overrides the width of the terminal", (text, width) => {
  vi.stubEnv("COLUMNS", text);
  expect(columnsOf({ isTTY: true, columns: 80 })).toBe(width);
});

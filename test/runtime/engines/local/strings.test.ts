import { describe, expect, it, vi } from "vitest";
import { Text } from "../../../../generated/text.js";
import { nativeApi, nonNull } from "../../../../runtime/engines/local/native/c-api.js";
import {
  hasKnownLayout,
  MAX_SHORT,
  packShort,
  StringElements,
} from "../../../../runtime/engines/local/run/string-layout.js";
import { initStrings, readStrings, writeStrings } from "../../../../runtime/engines/local/run/string-tensor.js";

const short = "a".repeat(MAX_SHORT);
const long = "b".repeat(MAX_SHORT + 1);
const many = (text: string): string[] => Array<string>(10).fill(text);

describe("string elements", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["all short", ["", "x", "Zoë", short, "日本語", "\0\0"]],
    ["all long", [long, `${long}é`, "c".repeat(100_000), long]],
    ["short and long ones", ["x", long, "", short, long, "y", short, long]],
    ["one", [long]],
    ["none", []],
    ["many that are not ASCII", [...many("é"), ...many("𝄞"), ...many("a"), ...many(`${long}ß`)]],
    ["thousands", Array.from({ length: 3000 }, (_, index) => "ab".repeat(index % 30))],
  ];

  it.each(rows)("string elements round-trip: %s", (_, texts) => {
    using model = Text.load();
    expect(model.echo(texts).data).toEqual(texts);
    expect(model.echo(texts.map((text) => Buffer.from(text))).bytes.map(String)).toEqual(
      texts.map((text) => String(new Uint8Array(Buffer.from(text)))),
    );
  });

  it("string elements round-trip when memory of the previous call is reused", () => {
    using model = Text.load();
    for (const texts of [
      many(short),
      many(long),
      many("x"),
      many(long + long),
      [...many(long).slice(1), "y"],
      many(""),
    ]) {
      expect(model.echo(texts).data).toEqual(texts);
    }
  });
});

describe("the layout of string elements", () => {
  const api = nativeApi();
  const texts = ["", "x", short, long, "y"].map((text) => new Uint8Array(Buffer.from(text)));
  const sizeOf = (text: Uint8Array): number => text.length;

  it("the layout of string elements is that of this library", () => {
    expect(hasKnownLayout(api)).toBe(true);
  });

  it("the layout of string elements equals what the library's functions read", () => {
    const tensor = nonNull(api.TF_AllocateTensor(7, BigInt64Array.of(5n), 1, 120), "tensor");
    const data = nonNull(api.TF_TensorData(tensor), "data");
    initStrings(api, data, texts.length);
    expect(writeStrings(api, data, texts, sizeOf, false)).toBe(true);

    const elements = new StringElements(api, data, texts.length);
    for (const [index, text] of texts.entries()) {
      const element = data + BigInt(index * 24);
      expect(elements.sizeOf(index)).toBe(Number(api.TF_StringGetSize(element)));
      const isLong = text.length > MAX_SHORT;
      expect(elements.addressOf(index)).toBe(isLong ? Number(api.TF_StringGetDataPointer(element)) : undefined);
    }
    expect(readStrings(api, tensor, texts.length).toViews()).toEqual(texts);

    const shorter = texts.map((text) => text.subarray(0, 3));
    const free = vi.spyOn(api, "TF_StringDealloc");
    expect(writeStrings(api, data, shorter, sizeOf, true)).toBe(false);
    expect(free).toHaveBeenCalledTimes(texts.length);
    free.mockRestore();
    expect(readStrings(api, tensor, texts.length).toViews()).toEqual(shorter);
    api.TF_DeleteTensor(tensor);
  });

  it("unknown forms of string elements are read by the library's functions", () => {
    const view = Uint8Array.from({ length: 24 }, (_, index) => (index === 0 ? 2 : 0));
    const elements = new StringElements(api, view, 1);
    expect(elements.sizeOf(0)).toBeUndefined();
    expect(elements.addressOf(0)).toBeUndefined();
    expect(elements.copyShort(0, new Uint8Array(1), 0, 1)).toBe(false);
    expect(packShort([new Uint8Array(MAX_SHORT + 1)], sizeOf)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { fileNameOf } from "../../../generator/client/file-name.js";
import { generate } from "../../../generator/index.js";
import { modelFolder } from "../../support/temp.js";

describe("the file of a class", () => {
  it.each([
    ["CustomModel", "custom-model.ts"],
    ["Com", "com.ts"],
    ["Con2", "con2.ts"],
    ["Größe", "größe.ts"],
    ["A".repeat(197), `${"a".repeat(197)}.ts`],
  ])("the file of class %s is %s, without a note", (className, expected) => {
    const notes: string[] = [];
    expect([fileNameOf(className, notes), notes]).toEqual([expected, []]);
  });

  it.each(["Con", "NUL", "Aux", "prn", "Com1", "LPT9", "CONIN$"])(
    "the file of class %s is not a Windows device name",
    (className) => {
      const notes: string[] = [];
      const device = className.toLowerCase();
      expect(fileNameOf(className, notes)).toBe(`${device}-client.ts`);
      expect(notes).toEqual([
        `the file of ${className} is called ${device}-client.ts, because Windows reserves the name ${device}`,
      ]);
    },
  );

  it.each(["A".repeat(198), "長".repeat(70), "𝒜".repeat(300)])(
    "a long class name gets a file name of at most 200 bytes, and a note",
    (name) => {
      const notes: string[] = [];
      const file = fileNameOf(name, notes);
      expect(Buffer.byteLength(file)).toBeLessThanOrEqual(200);
      expect(Buffer.byteLength(file)).toBeGreaterThan(190);
      expect(file).not.toContain("\u{fffd}");
      expect(notes.length).toBe(1);
      expect(fileNameOf(`${name}2`, [])).not.toBe(file);
      expect(fileNameOf(name, [])).toBe(file);
    },
  );

  it("generate avoids file names that Windows reserves", () => {
    const { className, fileName, notes } = generate(modelFolder("counter"), { className: "Nul" });
    expect([className, fileName]).toEqual(["Nul", "nul-client.ts"]);
    expect(notes).toContain("the file of Nul is called nul-client.ts, because Windows reserves the name nul");
  });
});

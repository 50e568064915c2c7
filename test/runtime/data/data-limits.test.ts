import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { minMax, parseCsv, readNpz } from "savedmodel/data";
import { describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy, History, Tensor } from "../../../runtime/index.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

/** The bytes of a .npy file of version 1.0. */
function npy(descr: string, shape: string, data: Uint8Array): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117, " ");
  return Buffer.concat([Buffer.from(`\x93NUMPY\x01\x00v\x00${header}\n`, "latin1"), data]);
}

/** An archive of one packed file. */
function zip(name: string, content: Uint8Array): Buffer {
  const packed = deflateRawSync(content, { level: 9 });
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
  const directory = Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, directory, Buffer.from("PK\x05\x06"), end]);
}

describe("a packed array of very many strings", () => {
  const file = (count: number): string => {
    const path = join(tempFolder(), "strings.npz");
    writeFileSync(path, zip("x.npy", npy("|S1", `(${count},)`, new Uint8Array(count))));
    return path;
  };

  it("rejects a packed array of very many strings before they are created", async () => {
    const { message } = await expectRejection(readNpz(file(16_000_000)), "NPY_INVALID");
    expect(message).toContain("it has 16000000 strings, expected at most 4178678");
  });

  it("reads an array of very many strings if maxBytes has 1 KiB for each of them", async () => {
    const bytes = 1000 * 1025 + 128;
    expect((await readNpz(file(1000), { maxBytes: bytes })).x?.shape).toEqual([1000]);
    await expectRejection(readNpz(file(1000), { maxBytes: bytes - 1 }), "NPY_INVALID");
  });
});

describe("text in a .npy file", () => {
  it("strings in a .npy file equal JavaScript strings of the same characters", () => {
    const text = "aé€😀\u{10ffff}\ud7ff\ue000\u07ff\u0800\uffff\u{10000}\x7f\x80";
    const points = Uint32Array.from([...text, "\0", "\0"], (character) => character.codePointAt(0) ?? 0);
    const data = new Uint8Array(points.buffer);
    expect(decodeNpy(npy(`<U${points.length}`, "()", data)).data).toEqual([text]);
    expect(decodeNpy(npy("<U1", `(${points.length},)`, data)).data).toEqual([...text, "", ""]);
  });

  it.each([0xd800, 0xdfff, 0x110000])("rejects U+%i in a .npy file", (point) => {
    const data = new Uint8Array(Uint32Array.of(point).buffer);
    expectError(() => decodeNpy(npy("<U1", "(1,)", data)), "NPY_INVALID");
  });

  it("one long string in a .npy file takes memory by its length", () => {
    const data = new Uint8Array(Uint32Array.from({ length: 4_000_000 }, () => 97).buffer);
    expect((decodeNpy(npy("<U4000000", "()", data)) as Tensor<"string">).bytes[0]).toHaveLength(4_000_000);
  });
});

it("writes strings and reads them back", () => {
  const tensor = Tensor.from("string", ["", "a", "größe"]);
  expect(decodeNpy(encodeNpy(tensor)).data).toEqual(["", "a", "größe"]);
});

describe("a CSV file", () => {
  it.each(["1".repeat(2_000_000), "1.".repeat(1_000_000), `${"1".repeat(1_000_000)}e`])(
    "reads a CSV cell of a million digits or more as a string",
    (digits) => {
      const table = parseCsv(`a,b\n${digits}x,1\n`);
      expect(table.column("a")).toEqual([`${digits}x`]);
    },
  );

  it("reads numbers in all their forms", () => {
    const cells = ["1", "1.", ".5", "-1.25e3", "+0.5E-2", "007"];
    expect(parseCsv(`a\n${cells.join("\n")}\n`).column("a")).toEqual(Float64Array.from(cells, Number));
    for (const cell of [".", "e1", "1e", "1.2.3", "--1"]) expect(parseCsv(`a\n${cell}\n`).column("a")).toEqual([cell]);
  });

  const row = (count: number, cell: (index: number) => unknown): string =>
    Array.from({ length: count }, (_, i) => cell(i)).join();

  it("100,000 CSV columns take no memory for missing rows", () => {
    const before = process.memoryUsage().arrayBuffers;
    const table = parseCsv(`${row(100_000, (i) => `c${i}`)}\n${row(100_000, (i) => i)}\n`);
    expect(table.column("c99999")).toEqual(Float64Array.of(99_999));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
  });

  it("rejects a CSV file with more columns", () => {
    const { message } = expectError(() => parseCsv(`${row(100_001, (i) => i)}\n`), "CSV_INVALID");
    expect(message).toContain("the header has 100001 columns, expected at most 100000");
  });

  it("a CSV file with many rows grows its columns", () => {
    const numbers = Array.from({ length: 5000 }, (_, index) => index / 2);
    expect(parseCsv(`a\n${numbers.join("\n")}\n`).column("a")).toEqual(Float64Array.from(numbers));
  });

  it("creates no tensor beyond 4 GiB", () => {
    const table = parseCsv(`a\n${"1\n".repeat(600_000)}`);
    const names = Array.from({ length: 1000 }, () => "a") as [string, ...string[]];
    const { message } = expectError(() => table.tensor("float64", ...names), "INVALID_SIZE");
    expect(message).toContain("600000 rows of 1000 columns have 4800000000 bytes as float64");
  });
});

describe("a history", () => {
  const history = (names: number): object => ({
    format: "savedmodel.history",
    version: 1,
    epochs: Array.from({ length: names }, (_, index) => {
      return { epoch: index + 1, step: index, rows: 1, seconds: 0, metrics: { [`m${index}`]: 1 } };
    }),
  });

  it("reads a history with 500 metrics, and rejects more", () => {
    expect(History.fromJSON(history(500)).epochs).toHaveLength(500);
    const { message } = expectError(() => History.fromJSON(history(501)), "HISTORY_INVALID");
    expect(message).toContain("it has 501 columns, expected at most 500");
  });
});

it("a scaler supports very many columns", () => {
  expect(minMax(Tensor.from("float64", [Array.from({ length: 100_000 }, (_, i) => i)])).offset).toHaveLength(100_000);
});

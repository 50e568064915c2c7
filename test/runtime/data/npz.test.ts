import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import fc from "fast-check";
import { readNpz } from "savedmodel/data";
import { describe, expect, it } from "vitest";
import { SavedModelError, type Tensor } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { expectGolden, type GoldenTensor } from "../../support/goldens.js";
import { tempFolder } from "../../support/temp.js";

interface Archive {
  readonly name: string;
  readonly arrays: readonly (readonly [name: string, tensor: GoldenTensor])[];
}

const file = (name: string): string => fileURLToPath(new URL(`../../models/npz/${name}`, import.meta.url));
const archives = JSON.parse(readFileSync(file("goldens.json"), "utf8")) as readonly Archive[];

/** An archive of NumPy with every occurrence of some bytes replaced, in a file. */
function patched(name: string, from: string, to: string): string {
  const bytes = readFileSync(file(name)).toString("latin1");
  expect(bytes).toContain(from);
  return written(Buffer.from(bytes.replaceAll(from, to), "latin1"));
}

function written(bytes: Uint8Array): string {
  const path = join(tempFolder(), "data.npz");
  writeFileSync(path, bytes);
  return path;
}

/** Where the directory of an archive says something of its first entry. */
function directoryOf(bytes: Buffer): number {
  return bytes.indexOf("PK\x01\x02", 0, "latin1");
}

describe("readNpz", () => {
  it.each(archives)("readNpz reads NumPy's $name", async ({ name, arrays }) => {
    const tensors = await readNpz(file(`${name}.npz`));
    expect(Object.keys(tensors).sort()).toEqual(arrays.map(([key]) => key).sort());
    for (const [key, golden] of arrays) expectGolden(tensors[key], golden, key, 0);
  });

  it("readNpz takes a URL", async () => {
    expect(Object.keys(await readNpz(pathToFileURL(file("compressed.npz"))))).toEqual(["zeros", "noise"]);
  });

  it("readNpz returns a null-prototype object, with any names", async () => {
    const tensors = await readNpz(file("names.npz"));
    expect(Object.getPrototypeOf(tensors)).toBeNull();
    expect(Object.keys(tensors)).toContain("__proto__");
    expect((tensors.constructor as unknown as Tensor).toArray()).toEqual([1]);
  });

  it("readNpz reads the named arrays, in the given dtypes", async () => {
    const all = await readNpz(file("named.npz"));
    const { x, count, label } = await readNpz(file("named.npz"), {
      arrays: { x: "float32", count: "int64", label: "string" },
    });
    expect(`${x}, ${count}, ${label}`).toBe("float32 [5, 2], int64 [5], string [5]");
    expect(x.data).toEqual(Float32Array.from(all.x?.data as Float64Array));
    expect(count.data).toEqual(new BigInt64Array([1n, 2n, 3n, 4n, 255n]));
    expect(label.data).toEqual(["cat", "dog", "cat", "bird", "dog"]);
  });

  it("readNpz rejects lossy conversions", async () => {
    const read = (arrays: Readonly<Record<string, "int32" | "int8" | "float32">>): Promise<unknown> =>
      readNpz(file("named.npz"), { arrays });
    expect((await expectRejection(read({ y: "int32" }), "NOT_AN_INTEGER")).rawMessage).toBe(
      'array "y" at [0, 0] is 0.5, which is not an integer',
    );
    expect((await expectRejection(read({ count: "int8" }), "OUT_OF_RANGE")).rawMessage).toBe(
      'array "count" at [4] is 255, which does not fit int8',
    );
    await expectRejection(read({ label: "float32" }), "INVALID_DTYPE");
  });

  it("readNpz suggests the nearest name for a missing array", async () => {
    const { message } = await expectRejection(
      readNpz(file("named.npz"), { arrays: { labels: "string" } }),
      "INVALID_ARGUMENT",
    );
    expect(message).toContain('has no array "labels". Did you mean "label"?');
  });

  it("readNpz unpacks no more than allowed", async () => {
    const { message } = await expectRejection(readNpz(file("compressed.npz"), { maxBytes: 4000 }), "NPY_INVALID");
    expect(message).toContain("have 4320 bytes. `maxBytes` allows 4000.");
    expect(Object.keys(await readNpz(file("compressed.npz"), { maxBytes: 4320 }))).toEqual(["zeros", "noise"]);
    const noise = { arrays: { noise: "float32" }, maxBytes: 4000 } as const;
    expect(`${(await readNpz(file("compressed.npz"), noise)).noise}`).toBe("float32 [4, 4]");
  });

  it("readNpz unpacks no more than the archive declares", async () => {
    const bytes = readFileSync(file("compressed.npz"));
    bytes.writeUInt32LE(1000, directoryOf(bytes) + 24);
    const { message } = await expectRejection(readNpz(written(bytes)), "NPY_INVALID");
    expect(message).toContain('"zeros" is longer than the 1000 bytes that the archive says');
  });

  it("readNpz verifies checksums", async () => {
    const bytes = readFileSync(file("unnamed.npz"));
    const at = bytes.indexOf("\x93NUMPY", 0, "latin1") + 130;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    const { message } = await expectRejection(readNpz(written(bytes)), "NPY_INVALID");
    expect(message).toContain('"arr_0" does not have the checksum in the archive');
  });

  it("readNpz rejects encrypted entries, and other compression methods", async () => {
    const bytes = readFileSync(file("compressed.npz"));
    bytes.writeUInt16LE(1, directoryOf(bytes) + 8);
    expect((await expectRejection(readNpz(written(bytes)), "NPY_INVALID")).message).toContain("is encrypted");
    bytes.writeUInt16LE(0, directoryOf(bytes) + 8);
    bytes.writeUInt16LE(12, directoryOf(bytes) + 10);
    const { message } = await expectRejection(readNpz(written(bytes)), "NPY_INVALID");
    expect(message).toContain("has the compression method 12");
  });

  it("readNpz rejects a duplicate name", async () => {
    const { message } = await expectRejection(readNpz(patched("unnamed.npz", "arr_1", "arr_0")), "NPY_INVALID");
    expect(message).toContain('"arr_0" is in it twice');
  });

  it("readNpz rejects entries that are not arrays, unless others are named", async () => {
    const path = patched("unnamed.npz", "arr_1.npy", "notes.txt");
    const { message } = await expectRejection(readNpz(path), "NPY_UNSUPPORTED");
    expect(message).toContain('has "notes.txt", which is not a .npy file');
    expect(`${(await readNpz(path, { arrays: { arr_0: "float32" } })).arr_0}`).toBe("float32 [2, 3]");
    await expectRejection(readNpz(path, { arrays: { "notes.txt": "float32" } }), "INVALID_ARGUMENT");
  });

  it("readNpz names the array that is not a tensor", async () => {
    const { message } = await expectRejection(readNpz(file("objects.npz")), "NPY_UNSUPPORTED");
    expect(message).toContain('array "y" in ');
    expect(`${(await readNpz(file("objects.npz"), { arrays: { x: "float64" } })).x}`).toBe("float64 [1]");
  });

  it("readNpz rejects a .npy file", async () => {
    const bytes = readFileSync(new URL("../../models/npy/objects.npy", import.meta.url));
    expect((await expectRejection(readNpz(written(bytes)), "NPY_INVALID")).message).toContain(
      "is not a readable .npz file",
    );
  });

  it("readNpz rejects unreadable files and invalid paths", async () => {
    const { message } = await expectRejection(readNpz("missing.npz"), "READ_FAILED");
    expect(message).toContain("READ_FAILED: missing.npz cannot be read: ENOENT");
    await expectRejection(readNpz(tempFolder()), "READ_FAILED");
    for (const path of ["", "a\0b", new URL("https://example.com/data.npz"), 7 as never]) {
      await expectRejection(readNpz(path), "INVALID_ARGUMENT");
    }
  });

  it("readNpz rejects unknown options", async () => {
    for (const options of [{ array: {} }, { arrays: { x: "float" } }, { maxBytes: 0 }]) {
      await expectRejection(readNpz(file("named.npz"), options as never), "INVALID_OPTION");
    }
  });

  it("readNpz reads any damaged archive, or rejects it with a code", async () => {
    const original = readFileSync(file("named.npz"));
    const path = join(tempFolder(), "data.npz");
    const codes = new Set<string>();
    const change = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(3), async (changes, cut) => {
        const bytes = Buffer.from(original.subarray(0, original.length - (cut === 3 ? 40 : 0)));
        for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
        writeFileSync(path, bytes);
        try {
          await readNpz(path, { maxBytes: 1e6 });
          codes.add("read");
        } catch (error) {
          if (!(error instanceof SavedModelError)) throw error;
          codes.add(error.code);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(codes).toContain("NPY_INVALID");
    expect(codes).toContain("read");
    expect(codes).not.toContain("READ_FAILED");
  });
});

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DType, decodeNpy, encodeNpy, SavedModelError, Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { expectGolden, type GoldenTensor, toTensor } from "../../support/goldens.js";

interface Golden {
  readonly name: string;
  readonly tensor: GoldenTensor;
}

const file = (name: string): URL => new URL(`../../models/npy/${name}`, import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(file(`${name}.npy`));
const goldens = JSON.parse(readFileSync(file("goldens.json"), "utf8")) as {
  readonly same: readonly Golden[];
  readonly read: readonly Golden[];
  readonly refused: readonly string[];
};

/** A file of this header, whatever it says. */
function npy(header: string, data: ArrayLike<number> = [], version: readonly [number, number] = [1, 0]): Uint8Array {
  const [major] = version;
  const length = Buffer.alloc(major === 1 ? 2 : 4);
  length.writeUIntLE(Buffer.byteLength(header), 0, length.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY", "latin1"),
    Buffer.from(version),
    length,
    Buffer.from(header),
    Uint8Array.from(data),
  ]);
}

const dict = (descr: string, shape: string, order = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe("a file of NumPy", () => {
  it.each([...goldens.same, ...goldens.read])("reads like NumPy: $name", ({ name, tensor }) => {
    expectGolden(decodeNpy(bytesOf(name)), tensor, name, 0);
  });

  it.each(goldens.same)("writes like NumPy: $name", ({ name, tensor }) => {
    expect(Buffer.from(encodeNpy(toTensor(tensor)))).toEqual(bytesOf(name));
  });

  it.each([
    ["objects", "a .npy file of Python objects cannot be read: unpickling it could run any program"],
    ["fields", "a .npy file whose dtype has fields is not a tensor"],
    ["bfloat16", 'a .npy file of dtype "<V2" is not a tensor'],
    ["dates", 'a .npy file of dtype "<M8[D]" is not a tensor'],
  ])("rejects a NumPy file without a tensor equivalent: %s", (name, message) => {
    expect(goldens.refused).toContain(name);
    expect(expectError(() => decodeNpy(bytesOf(name)), "NPY_UNSUPPORTED").rawMessage).toBe(message);
  });
});

describe("decodeNpy", () => {
  it("decodeNpy copies", () => {
    for (const name of ["float32", "bytes"]) {
      const bytes = Uint8Array.from(bytesOf(name));
      const tensor = decodeNpy(bytes);
      const before = encodeNpy(tensor);
      bytes.fill(0);
      expect(encodeNpy(tensor)).toEqual(before);
    }
  });

  it("decodeNpy reads from any offset in a buffer", () => {
    const bytes = bytesOf("float64");
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    expect(encodeNpy(decodeNpy(shifted))).toEqual(Uint8Array.from(bytes));
  });

  it.each([
    ["keys in another order, quotes of the other kind", `{"shape":(2,),"fortran_order":False,"descr":"<i2"}`],
    ["integers of Python 2", dict("<i2", "(2L,)")],
    ["white space where Python allows it", `{ 'descr' :'<i2',\t'fortran_order': False,'shape':( 2 , ) } \n`],
    ["a tuple without white space", "{'descr':'<i2','fortran_order':False,'shape':(2,)}"],
    ["a vector in Fortran order", dict("<i2", "(2,)", "True")],
  ])("decodeNpy accepts %s", (_, header) => {
    expect(decodeNpy(npy(header, [1, 0, 2, 0])).toArray()).toEqual([1, 2]);
  });

  it.each([
    // The bytes of `numpy.array([1 + 2j, -0.5j], dtype).tobytes()`.
    ["<c8", "0000803f0000004000000080000000bf"],
    [">c8", "3f8000004000000080000000bf000000"],
    ["<c16", "000000000000f03f00000000000000400000000000000080000000000000e0bf"],
    [">c16", "3ff000000000000040000000000000008000000000000000bfe0000000000000"],
  ])("decodeNpy reads complex numbers: %s", (descr, hex) => {
    const bytes = npy(dict(descr, "(2,)"), Buffer.from(hex, "hex"));
    expect(decodeNpy(bytes).toArray()).toEqual([
      { re: 1, im: 2 },
      { re: -0, im: -0.5 },
    ]);
    const written = Buffer.from(encodeNpy(decodeNpy(bytes))).subarray(-hex.length / 2);
    if (descr.startsWith("<")) expect(written.toString("hex")).toBe(hex);
  });

  const valid = dict("<f4", "()");
  const invalid: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
    ["nothing", new Uint8Array(), "begin"],
    ["another format", Buffer.from("PK\x03\x04 and so on"), "begin"],
    ["the magic alone", npy("").subarray(0, 6), "ends in its header"],
    ["an unknown version", npy(valid, [0, 0, 0, 0], [4, 0]), "its format is 4.0"],
    ["an unknown minor version", npy(valid, [0, 0, 0, 0], [1, 1]), "its format is 1.1"],
    ["a header cut off", npy(valid).subarray(0, 40), "ends in its header"],
    ["a header of 4 GiB", Buffer.from("\x93NUMPY\x02\0\xff\xff\xff\xff", "latin1"), "4294967295 bytes"],
    ["an empty header", npy(""), "its header is"],
    ["too little data", npy(valid, [0, 0, 0]), "expected 4 bytes of data by its header, got 3"],
    ["bytes behind the data", npy(valid, [0, 0, 0, 0, 0]), "expected 4 bytes of data by its header, got 5"],
    ["more data than memory", npy(dict("<f8", "(1048576, 1048576)")), "expected 8796093022208 bytes of data"],
    ["a negative size", npy(dict("<f4", "(-1, -4)"), [0, 0, 0, 0]), "no tensor can have its shape (-1, -4)"],
    ["a product that overflows", npy(dict("<f4", "(4294967296, 4294967296)")), "no tensor can have its shape"],
    [
      "one that overflows beside a zero",
      npy(dict("<f4", "(4294967296, 4294967296, 0)")),
      "no tensor can have its shape",
    ],
    ["an endless size", npy(dict("<f4", `(${"9".repeat(400)},)`)), "no tensor can have its shape (Infinity)"],
    ["255 dimensions", npy(dict("|u1", `(${"1, ".repeat(255)})`), [0]), "no tensor can have its shape"],
    ["a shape that is no tuple", npy(dict("<f4", "(1)"), [0, 0, 0, 0]), "its header is"],
    ["a shape that is a list", npy(dict("<f4", "[1]"), [0, 0, 0, 0]), "its header is"],
    ["a size that is no integer", npy(dict("<f4", "(1.0,)"), [0, 0, 0, 0]), "its header is"],
    ["an order that is no bool", npy(dict("<f4", "()", "0"), [0, 0, 0, 0]), "its header is"],
    ["a missing key", npy("{'descr': '<f4', 'shape': ()}", [0, 0, 0, 0]), "its header is"],
    [
      "another key",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", [0, 0, 0, 0]),
      "its header is",
    ],
    ["a key twice", npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"), "its header is"],
    ["two dicts", npy(`${valid}${valid}`, [0, 0, 0, 0]), "its header is"],
    ["a call in it", npy(dict("<f4", "__import__('os')")), "its header is"],
    ["brackets without end", npy("(".repeat(9999)), "its header is"],
    ["a quote without end", npy(`{'${"a".repeat(9000)}`), "its header is"],
    ["a space that Python does not know", npy(`${valid}\u00a0`, [0, 0, 0, 0]), "its header is"],
    ["white space without end", npy(" ".repeat(9999)), "its header is"],
    ["numbers of several bytes without their order", npy(dict("|f4", "()"), [0, 0, 0, 0]), "has no byte order"],
    ["a bool of 2", npy(dict("|b1", "(2,)"), [1, 2]), "neither 0 nor 1"],
    ["text beyond Unicode", npy(dict("<U1", "()"), [0, 0, 0x11, 0]), "U+110000, no character"],
    ["half a surrogate pair", npy(dict("<U1", "()"), [0, 0xd8, 0, 0]), "U+d800, no character"],
  ];
  it.each(invalid)("decodeNpy rejects %s", (_, bytes, message) => {
    expect(expectError(() => decodeNpy(bytes), "NPY_INVALID").message).toContain(message);
  });

  it.each(["<f16", "<c3", "|S0", "<U0", "=f4", "f4", "<f4<f4", "|O8", "<m8[s]", "\u202e"])(
    "decodeNpy rejects the dtype %j",
    (descr) => {
      const { message } = expectError(() => decodeNpy(npy(dict(descr, "(0,)"))), "NPY_UNSUPPORTED");
      expect(message).not.toContain("\u202e");
    },
  );

  it("decodeNpy rejects arguments that are not bytes", () => {
    expectError(() => decodeNpy(Promise.resolve() as never), "INVALID_ARGUMENT");
    expectError(() => decodeNpy("x.npy" as never), "INVALID_ARGUMENT");
  });

  it("decodeNpy reads any truncated file, or rejects it with a code", () => {
    const files = [...goldens.same, ...goldens.read].map(({ name }) => bytesOf(name));
    const change = fc.record({ at: fc.nat(), bytes: fc.uint8Array({ maxLength: 3 }), remove: fc.nat(3) });
    const codes = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 3 }), (original, changes) => {
        const broken = changes.reduce((bytes, { at, bytes: insert, remove }) => {
          // Most of what is interesting is in the text of the header.
          const start = at % Math.min(bytes.length + 1, 80);
          return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
        }, Buffer.from(original));
        try {
          expect(Tensor.is(decodeNpy(broken))).toBe(true);
          codes.add("read");
        } catch (error) {
          if (!(error instanceof SavedModelError)) throw error;
          codes.add(error.code);
        }
      }),
      { numRuns: 5000, seed: 1 },
    );
    expect([...codes].sort()).toEqual(["NPY_INVALID", "NPY_UNSUPPORTED", "read"]);
  });
});

describe("encodeNpy", () => {
  it("decodeNpy reads back what encodeNpy writes, for every dtype and shape", () => {
    const dtypes = goldens.same.map(({ tensor }) => tensor.dtype).filter((dtype) => dtype !== "string");
    const arbitrary = fc
      .record({
        dtype: fc.constantFrom(...dtypes, "string"),
        shape: fc.array(fc.nat(4), { maxLength: 5 }),
      })
      .chain(({ dtype, shape }) => {
        const size = shape.reduce((product, size) => product * size, 1);
        const element =
          dtype === "string" ? fc.uint8Array({ maxLength: 5 }) : fc.uint8Array({ minLength: 8, maxLength: 8 });
        return fc.record({
          dtype: fc.constant(dtype as DType),
          shape: fc.constant(shape),
          elements: fc.array(element, { minLength: size, maxLength: size }),
        });
      });
    fc.assert(
      fc.property(arbitrary, ({ dtype, shape, elements }) => {
        const tensor = Tensor.from(dtype, flat(dtype, elements), shape);
        const read = decodeNpy(encodeNpy(tensor));
        expect(`${read}`).toBe(`${tensor}`);
        expect(Tensor.elementsOf(read)).toEqual(Tensor.elementsOf(tensor));
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it("encodeNpy writes the highest rank that TensorFlow allows", () => {
    const tensor = Tensor.from("uint8", [7], Array<number>(254).fill(1));
    expect(`${decodeNpy(encodeNpy(tensor))}`).toBe(`${tensor}`);
  });

  it("encodeNpy writes a reshaped tensor, and one on a part of a buffer", () => {
    const part = Tensor.from("float32", new Float32Array([9, 1, 2]).subarray(1)).reshape([2, 1]);
    expect(decodeNpy(encodeNpy(part)).toArray()).toEqual([[1], [2]]);
  });

  it("encodeNpy rejects values that NumPy would not return unchanged", () => {
    const string = expectError(() => encodeNpy(Tensor.from("string", ["a", "b\0"])), "NPY_UNSUPPORTED");
    expect(string.rawMessage).toContain("the string at position 1 ends in a NUL byte");
    for (const dtype of ["bfloat16", "qint8"] as const) {
      expectError(() => encodeNpy(Tensor.from(dtype, [1])), "NPY_UNSUPPORTED");
    }
  });

  it("encodeNpy rejects values that are not tensors", () => {
    expectError(() => encodeNpy([[1]] as never), "INVALID_ARGUMENT");
    expectError(() => encodeNpy(Object.create(Tensor.prototype) as Tensor), "INVALID_ARGUMENT");
  });
});

/** Elements of a dtype out of eight random bytes each; of strings without the NULs at their ends. */
function flat(dtype: DType, elements: readonly Uint8Array[]): never {
  if (dtype === "string")
    return elements.map((bytes) => Uint8Array.from(Buffer.concat([bytes, Buffer.of(1)]))) as never;
  const { data } = Tensor.from(dtype as "float32", [], [0]);
  const bytes = data.BYTES_PER_ELEMENT;
  const joined = Buffer.concat(elements.map((element) => element.subarray(0, bytes)));
  if (dtype === "bool") for (const [index, byte] of joined.entries()) joined[index] = byte & 1;
  const { buffer } = Uint8Array.from(joined);
  return Reflect.construct(data.constructor, [buffer]) as never;
}

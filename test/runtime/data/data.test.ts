import { readFileSync } from "node:fs";
import fc from "fast-check";
import { minMax, oneHot, Scaler, seededRandom, shuffledIndices, split, zScore } from "savedmodel/data";
import { describe, expect, it } from "vitest";
import { Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";

interface Scaled {
  readonly offset: readonly number[];
  readonly scale: readonly number[];
  readonly transformed: readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(new URL("data.golden.json", import.meta.url), "utf8")) as {
  readonly rows: readonly (readonly number[])[];
  readonly minMax: Scaled;
  readonly zScore: Scaled;
  readonly labels: readonly string[];
  readonly classes: readonly string[];
  readonly oneHot: readonly (readonly number[])[];
  readonly random: readonly { readonly seed: number; readonly numbers: readonly number[] }[];
  readonly shuffled: readonly { readonly seed: number; readonly order: readonly number[] }[];
};

function expectClose(actual: ArrayLike<number>, expected: readonly number[], rtol: number): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, want] of expected.entries()) {
    const got = actual[index] ?? Number.NaN;
    expect(Math.abs(got - want), `[${index}]: ${got} is not ${want}`).toBeLessThanOrEqual(
      rtol * Math.max(1, Math.abs(want)),
    );
  }
}

describe("seededRandom", () => {
  it.each(golden.random)("seededRandom returns the numbers of Mulberry32: $seed", ({ seed, numbers }) => {
    const random = seededRandom(seed);
    expect(numbers.map(() => random())).toEqual(numbers);
  });

  it.each(golden.shuffled)("shuffledIndices is a Fisher-Yates shuffle: $seed, $order.length", ({ seed, order }) => {
    expect([...shuffledIndices(order.length, seededRandom(seed))]).toEqual(order);
  });

  it("seededRandom rejects an invalid seed", () => {
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN, "1" as never])
      expectError(() => seededRandom(seed), "INVALID_ARGUMENT");
  });
});

describe("split", () => {
  const x = Tensor.from("float32", [
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
    [5, 50],
  ]);
  const y = [[1], [2], [3], [4], [5]];
  const id = new Int32Array([1, 2, 3, 4, 5]);

  it("split keeps the rows of all columns together", () => {
    const name = Tensor.from("string", ["1", "2", "3", "4", "5"]);
    const { train, validation } = split({ x, y, id, name }, { validation: 0.4, seed: 7 });
    for (const [part, rows] of [
      [train, 3],
      [validation, 2],
    ] as const) {
      expect(`${part.x}`).toBe(`float32 [${rows}, 2]`);
      expect(part.id).toBeInstanceOf(Int32Array);
      expect(part.x.toArray()).toEqual(Array.from(part.id, (row) => [row, 10 * row]));
      expect(part.y).toEqual(Array.from(part.id, (row) => [row]));
      expect(part.name.data).toEqual(Array.from(part.id, String));
    }
    expect([...train.id, ...validation.id].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("split takes columns in the order of arguments, and keeps their types", () => {
    const { train, validation } = split([x, y, id], { validation: 0.4, shuffle: false });
    const [trainX, trainY]: readonly [
      Tensor<"float32", readonly number[]>,
      readonly (readonly number[])[],
      Int32Array,
    ] = train;
    expect(trainX.toArray()).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(trainY).toEqual([[1], [2], [3]]);
    expect(validation[2]).toEqual(new Int32Array([4, 5]));
    // @ts-expect-error: there are three columns
    expect(train[3]).toBeUndefined();
  });

  it("split takes the rows in the order of shuffledIndices", () => {
    const order = golden.shuffled.find(({ seed, order }) => seed === 7 && order.length === 100)?.order ?? [];
    const { train, validation } = split({ id: Float64Array.from(order.keys()) }, { validation: 0.25, seed: 7 });
    expect([...train.id, ...validation.id]).toEqual(order);
    expect(validation.id.length).toBe(25);
  });

  it("split does not shuffle with shuffle: false", () => {
    const { train, validation } = split({ id }, { validation: 0.2, shuffle: false });
    expect([[...train.id], [...validation.id]]).toEqual([[1, 2, 3, 4], [5]]);
  });

  it("split copies, also from a Buffer", () => {
    const bytes = Buffer.from([1, 2]);
    const { train, validation } = split({ bytes }, { validation: 0.5, shuffle: false });
    bytes.fill(0);
    expect([[...train.bytes], [...validation.bytes]]).toEqual([[1], [2]]);
    expect(train.bytes.buffer.byteLength).toBe(1);
  });

  it("split keeps complex elements, and tensors without elements, intact", () => {
    const complex = Tensor.from("complex64", [1, { re: 2, im: 3 }]);
    const none = Tensor.from("float32", [], [2, 0]);
    const { train, validation } = split({ complex, none }, { validation: 0.5, shuffle: false });
    expect(validation.complex.toArray()).toEqual([{ re: 2, im: 3 }]);
    expect(`${train.none}`).toBe("float32 [1, 0]");
  });

  it("split loses no row and leaves no part empty", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 300 }),
        fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
        fc.nat(),
        (rows, validation, seed) => {
          const parts = split({ id: Uint16Array.from({ length: rows }, (_, row) => row) }, { validation, seed });
          const { train, validation: held } = parts;
          expect(train.id.length).toBeGreaterThan(0);
          expect(held.id.length).toBeGreaterThan(0);
          expect(Uint16Array.of(...train.id, ...held.id).sort()).toEqual(
            Uint16Array.from({ length: rows }, (_, row) => row),
          );
        },
      ),
      { seed: 1 },
    );
  });

  it("split keeps names such as __proto__", () => {
    const { train } = split({ ["__proto__"]: id }, { validation: 0.2 });
    expect(Object.keys(train)).toEqual(["__proto__"]);
  });

  it("split rejects columns that do not match", () => {
    const refused = (columns: unknown, message: string): void => {
      const error = expectError(() => split(columns as never, { validation: 0.5 }), "INVALID_DATA");
      expect(error.rawMessage).toBe(message);
    };
    refused({ x, id: id.subarray(1) }, 'split(): "x" has 5 rows, "id" 4');
    refused({}, "split(): there are no columns");
    refused({ x: [1] }, "split(): 1 row cannot be split");
    refused({ x: "text" }, 'split(): "x" is not a tensor, array or typed array with a dimension of rows');
    refused(
      { x: Tensor.from("float32", 1) },
      'split(): "x" is not a tensor, array or typed array with a dimension of rows',
    );
    refused([x, id.subarray(1)], "split(): column 0 has 5 rows, column 1 4");
    refused([x, 0.1], "split(): column 1 is not a tensor, array or typed array with a dimension of rows");
    refused([], "split(): there are no columns");
    expectError(() => split(x as never, { validation: 0.5 }), "INVALID_ARGUMENT");
    expectError(() => split(id as never, { validation: 0.5 }), "INVALID_ARGUMENT");
    for (const options of [
      { validation: 1 },
      { validation: 0 },
      {},
      { validation: 0.5, part: 1 },
      { validation: 0.5, shuffle: 1 },
    ])
      expectError(() => split({ x }, options as never), "INVALID_OPTION");
    expectError(() => split({ x }, { validation: 0.5, seed: -1 }), "INVALID_ARGUMENT");
  });
});

describe.each([
  ["minMax", minMax, golden.minMax],
  ["zScore", zScore, golden.zScore],
] as const)("%s", (kind, fit, { offset, scale, transformed }) => {
  const rows = Tensor.from("float64", golden.rows);

  it("computes NumPy's results", () => {
    const scaler = fit(rows);
    expectClose(scaler.offset, offset, 1e-14);
    expect(scaler.scale.map((value, column) => value / (scale[column] ?? 0))).toEqual(
      scale.map(() => expect.closeTo(1, 6)),
    );
    // Of numbers that agree in nine digits, their mean has few left for the deviation.
    expectClose(scaler.transform(rows, "float64").data, transformed.flat(), 1e-6);
    expectClose(scaler.transform(rows).data, transformed.flat(), 1e-6);
  });

  it("maps a constant column to 0, and back", () => {
    const constant = golden.rows.map(([, , , value = 0]) => [value]);
    const scaler = fit(constant);
    expect(scaler.scale).toEqual([1]);
    expect([...scaler.transform(constant).data]).toEqual(constant.map(() => 0));
    expect(scaler.inverse(scaler.transform(constant), "float64").toArray()).toEqual(constant);
  });

  it("round-trips through JSON", () => {
    const scaler = fit(rows);
    const again = Scaler.fromJSON(JSON.parse(JSON.stringify(scaler)));
    expect(again).toEqual(scaler);
    expect(again.kind).toBe(kind);
    expect(again.transform(rows, "float64").data).toEqual(scaler.transform(rows, "float64").data);
  });

  it("takes every form of numbers, and keeps the shape", () => {
    const forms = [Tensor.from("int64", [1n, 3n]), [1, 3], new Uint8Array([1, 3]), Tensor.from("float16", [1, 3])];
    for (const numbers of forms) {
      const scaled = fit(numbers).transform(numbers);
      expect(`${scaled}`).toBe("float32 [2]");
      expect([...scaled.data]).toEqual(kind === "minMax" ? [0, 1] : [-1, 1]);
    }
    const cube = Tensor.from("float32", [[[1, 5]], [[3, 9]]]);
    expect(fit(cube).offset).toEqual(kind === "minMax" ? [1, 5] : [2, 7]);
    expect(`${fit(cube).transform(cube, "float64")}`).toBe("float64 [2, 1, 2]");
    expect(`${fit(cube).transform(Tensor.from("float32", [], [0, 2]))}`).toBe("float32 [0, 2]");
  });

  it("inverse restores the scaled numbers", () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((columns) =>
        fc.array(fc.array(finite, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 20 }),
      );
    fc.assert(
      fc.property(table, (rows) => {
        const scaler = fit(rows);
        const back = scaler.inverse(scaler.transform(rows, "float64"), "float64");
        expectClose(
          back.data.map((value) => value / 1e6),
          rows.flat().map((value) => value / 1e6),
          1e-9,
        );
      }),
      { seed: 1 },
    );
  });

  it("rejects numbers that it cannot scale", () => {
    const message = (run: () => unknown, code: Parameters<typeof expectError>[1]): string =>
      expectError(run, code).rawMessage;
    expect(
      message(
        () =>
          fit([
            [1, 2],
            [3, Number.NaN],
          ]),
        "OUT_OF_RANGE",
      ),
    ).toBe(`${kind}(): there is NaN at [1, 1]`);
    expect(message(() => fit(new Float32Array([Number.POSITIVE_INFINITY])), "OUT_OF_RANGE")).toBe(
      `${kind}(): there is Infinity at [0]`,
    );
    expect(message(() => fit([[1.7e308], [1.7e308], [-1.7e308]]), "OUT_OF_RANGE")).toContain("too far apart");
    expect(message(() => fit([]), "INVALID_SIZE")).toBe(`${kind}(): [0] has no numbers`);
    expect(message(() => fit(Tensor.from("float32", 1)), "INVALID_RANK")).toContain("not a scalar");
    expect(message(() => fit(Tensor.from("string", ["a"])), "INVALID_DTYPE")).toContain(
      "cannot be converted to float64",
    );
    expectError(() => fit([[1], [1, 2]]), "RAGGED_ARRAY");
    const scaler = fit([[1, 2]]);
    expect(message(() => scaler.transform([[1]]), "INVALID_SHAPE")).toBe(
      "transform(): [1, 1] has 1 column; expected 2 columns, as the scaler was fitted to",
    );
    expectError(() => scaler.transform([1, 2]), "INVALID_SHAPE");
    expectError(() => scaler.inverse([[Number.NaN, 1]]), "OUT_OF_RANGE");
    expectError(() => scaler.transform([[1e300, 1]]), "OUT_OF_RANGE");
    expectError(() => scaler.transform([[1, 1]], "int32" as never), "INVALID_DTYPE");
  });
});

it("Scaler.fromJSON rejects invalid data", () => {
  const valid = { kind: "minMax", offset: [1], scale: [2] };
  expect(Scaler.fromJSON(valid).transform([3]).toArray()).toEqual([1]);
  for (const change of [
    { kind: "max" },
    { offset: [] },
    { scale: [0] },
    { scale: [null] },
    { offset: [1, 2] },
    { scale: "2" },
  ])
    expectError(() => Scaler.fromJSON({ ...valid, ...change }), "INVALID_ARGUMENT");
  for (const value of [null, "{}", []]) expectError(() => Scaler.fromJSON(value), "INVALID_ARGUMENT");
});

describe("oneHot", () => {
  it("oneHot encodes like NumPy", () => {
    const { tensor, classes } = oneHot(golden.labels);
    expect(classes).toEqual(golden.classes);
    expect(tensor.toArray()).toEqual(golden.oneHot);
    expect(`${tensor}`).toBe(`float32 [${golden.labels.length}, ${golden.classes.length}]`);
  });

  it("oneHot keeps the given classes, in their order", () => {
    const { tensor, classes } = oneHot(["b"], ["c", "b"]);
    expect([tensor.toArray(), classes]).toEqual([[[0, 1]], ["c", "b"]]);
    expect(`${oneHot([] as string[], ["c"]).tensor}`).toBe("float32 [0, 1]");
  });

  it("oneHot takes numbers, in every form", () => {
    const labels = [10, 9, 10];
    for (const form of [
      labels,
      Int32Array.from(labels),
      Tensor.from("int32", labels),
      Tensor.from("uint8", labels, [3, 1]),
    ]) {
      const { tensor, classes } = oneHot(form);
      expect(classes).toEqual([9, 10]);
      expect([...tensor.data]).toEqual([0, 1, 1, 0, 0, 1]);
    }
    expect(oneHot(BigInt64Array.of(3n, -1n)).classes).toEqual([-1n, 3n]);
    expect(oneHot(Tensor.from("string", ["b", "a"])).classes).toEqual(["a", "b"]);
  });

  it("oneHot has one 1 in each row, in the column of its label", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (labels) => {
        const { tensor, classes } = oneHot(labels);
        const rows = tensor.toArray();
        expect(rows.map((row) => classes[row.indexOf(1)])).toEqual(labels);
        expect(rows.every((row) => row.reduce((sum, value) => sum + value, 0) === 1)).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it("oneHot rejects unknown labels, and empty data", () => {
    const { message } = expectError(() => oneHot(["dog", "birb"], ["bird", "dog"]), "INVALID_ARGUMENT");
    expect(message).toBe('INVALID_ARGUMENT: oneHot(): row 1 has "birb", which is not a class. Did you mean "bird"?');
    for (const [labels, classes, fix] of [
      [["a", "fox"], ["bird", "dog"], 'The classes: "bird", "dog".'],
      [[1, 3], [1, 2], "The classes: 1, 2."],
      [[2n], [1n], "The classes: 1n."],
      [["1"], [1, 2], "The classes: 1, 2."],
    ] as const) {
      expect(expectError(() => oneHot(labels as never, classes as never), "INVALID_ARGUMENT").fix).toBe(fix);
    }
    expectError(() => oneHot(["a"], ["a", "a"]), "INVALID_ARGUMENT");
    expectError(() => oneHot(["a", 1]), "INVALID_ARGUMENT");
    expectError(() => oneHot([1, Number.NaN]), "INVALID_ARGUMENT");
    expectError(() => oneHot(new Float32Array([Number.NaN])), "INVALID_ARGUMENT");
    expectError(() => oneHot([["a"]] as never), "INVALID_ARGUMENT");
    expectError(() => oneHot("abc"), "INVALID_ARGUMENT");
    expectError(() => oneHot(Tensor.from("bool", [true])), "INVALID_ARGUMENT");
    expectError(() => oneHot(Tensor.from("int32", [[1, 2]])), "INVALID_SHAPE");
    expectError(() => oneHot(["a"], "a" as never), "INVALID_ARGUMENT");
  });
});

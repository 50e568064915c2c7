import { afterEach, describe, expect, it } from "vitest";
import { Arguments } from "../../../generated/arguments.js";
import { Regression } from "../../../generated/regression.js";
import { parseCsv, type Table } from "../../../runtime/data/index.js";
import { type DType, evaluate, fit, Model, type ModelSpec, predict, type Tensor } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { readCases } from "../../support/goldens.js";

const SILENT = { progress: false } as const;

type Input = ModelSpec["signatures"][number]["inputs"][number];

/** A method that takes its inputs by name, and the inputs that each call of it got. */
function methodOf(inputs: readonly (Omit<Input, "dtype"> & { readonly dtype?: DType })[]): {
  readonly method: (inputs: Readonly<Record<string, unknown>>) => number;
  readonly calls: Readonly<Record<string, Tensor | undefined>>[];
} {
  const descriptor: ModelSpec = {
    name: "Client",
    directory: "unused",
    tags: ["serve"],
    signatures: [
      {
        key: "step",
        inputs: inputs.map((input) => ({ property: input.key, ...input, dtype: input.dtype ?? "float32" })),
        outputs: [{ key: "loss", dtype: "float32", shape: [] }],
      },
    ],
  };
  const calls: Readonly<Record<string, Tensor | undefined>>[] = [];
  class Client extends Model {
    constructor() {
      super(descriptor, { fake: { step: (given: Readonly<Record<string, Tensor>>) => calls.push(given) } });
    }
    step(...given: unknown[]): number {
      return this.call("step", given) as number;
    }
  }
  return { method: new Client().step, calls };
}

const ROW = { shape: [null] } as const;
const COLUMN = { shape: [null, 1] } as const;

/** The compiler knows of the methods of generated clients which take a table. */
function train(method: unknown, table: Table): Promise<unknown> {
  return fit(method as Arguments["score"], table as never, SILENT);
}

describe("a table as the data of a signature with inputs by name", () => {
  let model: Arguments | undefined;
  afterEach(() => model?.dispose());

  it("gives what TensorFlow gives for its columns, in whatever order they are, beside others", async () => {
    model = Arguments.load();
    const calls = readCases("arguments").flatMap((golden) => golden.calls);
    const { inputs = {}, outputs = {} } = calls.find(({ signature }) => signature === "score") ?? {};
    const [age, income] = [inputs.x, inputs.x_1];
    const lines = age?.data?.map((value, row) => `${income?.data?.[row]},label,${value}`);
    const table = parseCsv(["income,note,age", ...(lines ?? [])].join("\n"));
    const { shape, data } = await predict(model.score, table, { batchSize: 1 });
    expect({ shape, data: [...data] }).toEqual({ shape: outputs.score?.shape, data: outputs.score?.data });
  });

  it("names all missing columns, what the table has, and the column that was probably meant", async () => {
    model = Arguments.load();
    const error = await expectRejection(predict(model.score, parseCsv("agee,note\n1,x\n")), "MISSING_INPUT");
    expect(error.message).toBe(
      'MISSING_INPUT: score(): the table has no columns "age", "income". Its columns: "agee", "note". Did you mean "agee"?',
    );
  });

  it("is refused for a method that takes its inputs in order only", async () => {
    using regression = Regression.load();
    const table = parseCsv("x,target\n1,2\n");
    // @ts-expect-error the compiler says so
    const error = await expectRejection(evaluate(regression.evaluate, table), "INVALID_ARGUMENT");
    expect(error.message).toContain("evaluate(): a table needs a method that takes its inputs by name");
    expect(error.fix).toContain("table.tensor(");
  });
});

describe("the columns of a table", () => {
  it("have the dtype and the rank of their inputs", async () => {
    const { method, calls } = methodOf([
      { key: "a", ...ROW },
      { key: "b", ...COLUMN, dtype: "int64" },
      { key: "c", shape: [null, null, 1], dtype: "string" },
    ]);
    await train(method, parseCsv("c,b,a\nx,1,0.5\ny,2,1.5\n"));
    const [{ a, b, c } = {}] = calls;
    expect([a?.dtype, a?.toArray()]).toEqual(["float32", [0.5, 1.5]]);
    expect([b?.dtype, b?.toArray()]).toEqual(["int64", [[1n], [2n]]]);
    expect([c?.dtype, c?.toArray()]).toEqual(["string", [[["x"]], [["y"]]]]);
  });

  it("are found by the names that inputs have in Python, where those mean one input", async () => {
    const { method, calls } = methodOf([
      { key: "x", argument: 'inputs["petal length"]', property: "petalLength", ...ROW },
      { key: "sepal_width", property: "sepalWidth", ...ROW },
      { key: "x_1", argument: 'y["z"]', property: "yZ", ...ROW },
      { key: "z", ...ROW },
    ]);
    await train(method, parseCsv("petal length,sepal_width,z,yZ\n1,2,3,4\n"));
    expect(calls[0]?.petalLength?.toArray()).toEqual([1]);
    expect(calls[0]?.sepalWidth?.toArray()).toEqual([2]);
    expect(calls[0]?.z?.toArray()).toEqual([3]);
    expect(calls[0]?.yZ?.toArray()).toEqual([4]);
    const error = await expectRejection(
      train(method, parseCsv("petal length,sepal_width,z\n1,2,3\n")),
      "MISSING_INPUT",
    );
    expect(error.message).toContain('has no column "yZ"');
  });

  it("are rejected where two have the names of one input", async () => {
    const { method } = methodOf([
      { key: "petal_length", property: "petalLength", ...ROW },
      { key: "b", ...ROW },
    ]);
    const error = await expectRejection(
      train(method, parseCsv("petal_length,petalLength,b\n1,2,3\n")),
      "INVALID_ARGUMENT",
    );
    expect(error.message).toContain('two columns for input "petalLength": "petalLength" and "petal_length"');
  });

  it("may lack those of optional inputs, unless one is misspelt", async () => {
    const inputs = [
      { key: "a", ...ROW },
      { key: "weight", ...ROW, optional: true },
      { key: "rate", shape: [], optional: true },
    ] as const;
    const { method, calls } = methodOf(inputs);
    await train(method, parseCsv("a,label\n1,2\n"));
    expect(Object.keys(calls[0] ?? {})).toEqual(["a"]);
    const error = await expectRejection(train(method, parseCsv("a,wieght\n1,2\n")), "UNKNOWN_INPUT");
    expect(error.message).toContain('the table has a column "wieght", but no "weight"');
    expect(calls).toHaveLength(1);
  });

  it.each([
    ["a scalar", { shape: [] }, "a scalar"],
    ["several numbers in a row", { shape: [null, 2] }, "of shape [?, 2]"],
    ["an unknown rank", { shape: null }, "of shape [...]"],
    ["a ragged tensor", { shape: [null, null], encoding: "ragged" }, "a ragged tensor"],
  ] as const)("cannot be the data of an input that is %s", async (_, shape, shown) => {
    const { method } = methodOf([
      { key: "a", ...ROW },
      { key: "b", ...shape },
    ]);
    const error = await expectRejection(train(method, parseCsv("a,b\n1,2\n")), "INVALID_ARGUMENT");
    expect(error.message).toContain(`input "b" is ${shown}, which a column of a table cannot be`);
    expect(error.fix).toContain("Pass an object of columns");
  });

  it("are numbers for inputs of numbers, or an error names column and line", async () => {
    const { method } = methodOf([
      { key: "a", ...ROW },
      { key: "b", ...ROW },
    ]);
    const error = await expectRejection(train(method, parseCsv("a,b\n1,x\n")), "INVALID_DTYPE");
    expect(error.message).toContain('column "b" has strings, not numbers: line 2 has "x"');
  });
});

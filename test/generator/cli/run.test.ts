import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { chooseSignature } from "../../../generator/cli/run/run.js";
import { readInputs } from "../../../generator/cli/run/run-inputs.js";
import { jsonText, parseExact } from "../../../generator/cli/run/run-json.js";
import { decodeNpy, type ErrorCode, encodeNpy, Model, Tensor } from "../../../runtime/index.js";
import type { Finished } from "../../support/cli.js";
import { expectError } from "../../support/errors.js";
import { expectGolden, readCases } from "../../support/goldens.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const command = [
  "--import",
  pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href,
  join(root, "generator/cli/main.ts"),
];

/** Runs `savedmodel run` on the sources, as a user would, without a terminal. */
function run(model: string, parameters: readonly string[], cwd?: string): Finished {
  const { FORCE_COLOR: _, ...env } = process.env;
  const all = [...command, "run", modelFolder(model), ...parameters];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { cwd, env, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** The outputs that a run prints as JSON. */
function outputs(model: string, signature: string, ...inputs: readonly string[]): Readonly<Record<string, unknown>> {
  const parameters = inputs.flatMap((input) => ["--input", input]);
  const { status, stdout, stderr } = run(model, ["--signature", signature, "--json", ...parameters]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Returns the error output of a failed run. */
function failure(model: string, parameters: readonly string[], cwd?: string): readonly [number | null, string] {
  const { status, stdout, stderr } = run(model, parameters, cwd);
  expect(stdout).toBe("");
  return [status, stderr];
}

describe("savedmodel run", () => {
  it("run returns the numbers of TensorFlow in Python", () => {
    const call = readCases("custom_model")[0]?.calls[0];
    const { data, shape } = call?.inputs.inputs ?? { data: null, shape: [] };
    expect(shape).toEqual([1, 2]);
    const { output } = outputs("custom_model", "pred", `inputs=[${JSON.stringify(data)}]`);
    const golden = call?.outputs.output;
    if (golden === undefined) throw new Error("there is no golden");
    expectGolden(Tensor.from("float32", output as number[][]), golden, "pred", 1e-6);
  });

  it("run prints keys, dtypes, shapes and elements", () => {
    const { stdout } = run("custom_model", ["--signature", "pred", "--input", "inputs=[[1, 1]]"]);
    expect(stdout).toMatch(/^output {2}float32 \[1, 1\]\n {2}\[ \[ -0\.0143\d+ \] \]\n$/);
  });

  it("run truncates long rows, but not in JSON", () => {
    const folder = tempFolder();
    const long = Tensor.from("float32", new Float32Array(3000), [3, 1000]);
    writeFileSync(join(folder, "x.npy"), encodeNpy(long));
    const parameters = ["--signature", "unknown_rank", "--input", "x=x.npy"];
    expect(run("dtypes", parameters, folder).stdout).toMatch(/\.\.\. 969 more items/);
    const { y } = JSON.parse(run("dtypes", [...parameters, "--json"], folder).stdout) as { y: number[][] };
    expect(y).toEqual(long.toArray());
  });

  it("run escapes control characters of a model", () => {
    const { stdout } = run("text", ["--signature", "echo", "--input", 'data=["\\u001b[31m\\u202e\\n\\u009b"]']);
    expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(stdout.trim().split("\n")).toHaveLength(2);
  });

  it("run accepts omitted optional inputs", () => {
    expect(outputs("dtypes", "with_default", "x=[1, -2]", "offset=[10]")).toEqual({ y: [12, 6] });
  });

  it("run does not change the model's folder, even after training", () => {
    const folder = modelFolder("counter");
    const files = (): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
    const before = files();
    expect(outputs("counter", "increment", "by=1")).toEqual({ count: 1 });
    expect(outputs("counter", "increment", "by=1")).toEqual({ count: 1 });
    expect(files()).toEqual(before);
  });
});

describe("the signature", () => {
  it("run uses the only callable signature by default", () => {
    const signature = { key: "only", methodName: "", inputs: [], outputs: [] };
    const other = { ...signature, key: "other", unsupported: "it has no outputs" };
    expectError(() => chooseSignature("model", [other], "other"), "SIGNATURE_UNSUPPORTED");
    expect(chooseSignature("model", [other, signature], undefined)).toBe(signature);
    const error = expectError(() => chooseSignature("model", [other], undefined), "SIGNATURE_NOT_FOUND");
    expect(error.rawMessage).toBe("model has no signature that can be called");
  });

  it("run uses serving_default by default", () => {
    // Its serving_default is predict under another name.
    const parameters = ["--input", "x=[[1, 2, 3]]", "--json"];
    const { status, stdout } = run("keras3", parameters);
    expect([status, stdout]).toEqual([0, run("keras3", ["--signature", "predict", ...parameters]).stdout]);
  });

  it("run requires --signature if there are several signatures", () => {
    const [status, message] = failure("custom_model", []);
    expect(status).toBe(2);
    expect(message).toMatch(/^error INVALID_OPTION: .* Choose one with --signature: "pred", "train"\.\n$/);
  });

  it("run rejects an unknown signature and one that cannot be called", () => {
    expect(failure("custom_model", ["--signature", "perd"])).toEqual([
      1,
      'error SIGNATURE_NOT_FOUND: the model has no signature "perd". Did you mean "pred"?\n',
    ]);
    const [status, message] = failure("dtypes", ["--signature", "no_outputs"]);
    expect([status, message]).toEqual([1, expect.stringContaining("SIGNATURE_UNSUPPORTED")]);
  });
});

describe("an input", () => {
  it("run takes inputs as JSON, or as the path of a .json or .npy file", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "x.json"), "\ufeff[[1, 2, 3], [4, 5, 6]]\n");
    writeFileSync(join(folder, "x.NPY"), encodeNpy(Tensor.from("float32", [1, 2, 3, 4, 5, 6], [2, 3])));
    for (const value of ["[[1,2,3],[4,5,6]]", "x.json", "x.NPY"]) {
      const { stdout } = run("dtypes", ["--signature", "matrix", "--input", `x=${value}`, "--json"], folder);
      expect(JSON.parse(stdout)).toEqual({
        y: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      });
    }
  });

  it("run keeps every digit of 64-bit integers, as numbers and strings", () => {
    const wide = '9223372036854775807, -9223372036854775808, 9007199254740993, "9007199254740993", 1';
    const want = ["9223372036854775807", "-9223372036854775808", "9007199254740993", "9007199254740993", "1"];
    expect(outputs("dtypes", "int64", `x=[${wide}]`)).toEqual({ y: want });
  });

  it("run reads and writes values without a JSON form in the same notation", () => {
    const floats = ["NaN", "Infinity", "-Infinity", -0, 0.5];
    for (const dtype of ["float16", "bfloat16", "float32", "float64"]) {
      expect(outputs("dtypes", dtype, `x=["NaN", "Infinity", "-Infinity", -0.0, 0.5]`)).toEqual({ y: floats });
    }
    const strings = ["NaN", { b64: "//4=" }, "é", ""];
    expect(outputs("dtypes", "string", `x=["NaN", {"b64": "//4"}, {"b64": "w6k="}, {"b64": ""}]`)).toEqual({
      y: strings,
    });
  });

  it("run takes a ragged or sparse input as one value", () => {
    // The numbers of test/models/composite.golden.json.
    const sparse = {
      indices: [
        [0, 2],
        [1, 0],
        [3, 1],
      ],
      values: [1.5, -2, 3],
      shape: [4, 3],
    };
    expect(outputs("composite", "mix", "zrows=[[1,2,3],[],[4]]", "scale=0.5", `asp=${JSON.stringify(sparse)}`)).toEqual(
      {
        dense: [
          [0, 0, 1.5],
          [-2, 0, 0],
          [0, 0, 0],
          [0, 3, 0],
        ],
        scaled: { ...sparse, values: [0.75, -1, 1.5] },
        sums: [3, 0, 2],
        twice: [[2, 4, 6], [], [8]],
      },
    );
  });

  it("run keeps values without a JSON form in the parts of a sparse value", () => {
    const sparse = { indices: [[0, 1]], values: [{ b64: "//4=" }], shape: [1, 2] };
    const inputs = ["x=[[[9007199254740993]]]", `pair=${JSON.stringify(sparse)}`, "pair_3=[0,0]"];
    expect(outputs("composite", "deep", ...inputs)).toMatchObject({ left: sparse, total: "9007199254740993" });
  });

  it("run takes an object of features if the signature parses examples", () => {
    const example = '{"id": 9223372036854775807, "weights": ["NaN", 1, -0.5]}';
    const want = { id: "9223372036854775807", weights: ["NaN", 1, -0.5] };
    expect(outputs("example", "parse_one", `example=${example}`)).toEqual(want);
    const [status, message] = failure("example", ["--signature", "parse_one", "--input", 'example={"idd": 1}']);
    expect([status, message]).toEqual([1, expect.stringContaining('has no feature "idd". Did you mean "id"?')]);
  });

  it("run takes a complex input as an object of both parts or as a number", () => {
    expect(outputs("dtypes", "complex64", 'x=[{"re": 1.5, "im": "-Infinity"}, 2]')).toEqual({
      y: [
        { re: 1.5, im: "-Infinity" },
        { re: 2, im: 0 },
      ],
    });
  });

  it("run keeps long integers for float inputs", () => {
    expect(outputs("dtypes", "float64", "x=[12345678901234567890, 0.1234567890123456]")).toEqual({
      y: [12345678901234567000, 0.1234567890123456],
    });
  });

  const refused: readonly (readonly [
    what: string,
    signature: string,
    input: string,
    code: ErrorCode,
    words: string,
  ])[] = [
    ["a number for a text", "string", 'x=["a", 1]', "INVALID_DTYPE", "got 1 at [1]"],
    ["null", "float32", "x=null", "INVALID_DTYPE", "got null"],
    ["the text of a number", "float32", 'x=["1"]', "INVALID_DTYPE", 'got the string "1" at [0]'],
    ["a special float for an integer", "int32", 'x=["NaN"]', "INVALID_DTYPE", 'got the string "NaN" at [0]'],
    ["text that is no integer", "int64", 'x=["1.5"]', "INVALID_DTYPE", 'got the string "1.5" at [0]'],
    ["an integer that is too large", "int64", "x=[9223372036854775808]", "OUT_OF_RANGE", "got 9223372036854775808n"],
    ["an integer that lost digits", "int64", "x=[1e300]", "OUT_OF_RANGE", "got 1e+300 at [0]"],
    ["a number that would be infinite", "float64", "x=[1e400]", "OUT_OF_RANGE", '--input "x": it has a number beyond'],
    [
      "what is no base64",
      "string",
      'x=[{"b64": "@@"}]',
      "INVALID_DTYPE",
      '--input "x": it has a {"b64": …} that is not base64',
    ],
    ["an object", "string", 'x=[{"b64": "", "x": 1}]', "INVALID_DTYPE", "got a plain object at [0]"],
    ["another shape", "matrix", "x=[[1, 2]]", "INVALID_SHAPE", "must be float32 [2, 3], got [1, 2]"],
    ["a ragged array", "matrix", "x=[[1, 2, 3], [4]]", "RAGGED_ARRAY", "expected 3 elements at [1], got 1"],
    ["a misspelled name", "matrix", "X=[[1]]", "UNKNOWN_INPUT", 'matrix() has no input "X". Did you mean "x"?'],
    ["endless nesting", "float32", `x=${"[".repeat(20_000)}${"]".repeat(20_000)}`, "INVALID_RANK", "more than 254"],
  ];
  it.each(refused)("run rejects an input with the runtime's message: %s", (_, signature, input, code, words) => {
    using model = Model.load(modelFolder("dtypes"));
    const { inputs = [] } = model.signatures.find(({ key }) => key === signature) ?? {};
    const { message } = expectError(() => model.run(signature, readInputs([input], inputs)), code);
    expect(message).toContain(words);
  });

  it("run exits with 1 for a rejected input, with the same message", () => {
    expect(failure("dtypes", ["--signature", "matrix", "--input", "X=[[1]]"])).toEqual([
      1,
      'error UNKNOWN_INPUT: matrix() has no input "X". Did you mean "x"?\n',
    ]);
  });

  it.each([
    ["no assignment", ["x"], '--input "x" is not of the form <name>=<value>'],
    ["an input twice", ["x=1", "x=2"], '--input "x" is given twice'],
    [
      "what is neither JSON nor a file",
      ["x=[[1,2]"],
      '"[[1,2]" is neither JSON nor a path that ends in .json or .npy. Quote the whole argument',
    ],
    ["a bare NaN", ["x=[NaN]"], 'write NaN as "NaN"'],
    ["a file that is not there", ["x=none.json"], '--input "x": none.json cannot be read: ENOENT'],
    ["a .npy file that is not there", ["x=none.npy"], "none.npy cannot be read: ENOENT"],
  ])("run exits with 2 for %s", (_, inputs, words) => {
    const parameters = inputs.flatMap((input) => ["--input", input]);
    const [status, message] = failure("dtypes", ["--signature", "matrix", ...parameters], tempFolder());
    expect([status, message]).toEqual([2, expect.stringContaining(words)]);
    expect(message).toMatch(/^error INVALID_OPTION: /);
  });

  it("run shows how to quote a string that lacks its quotes", () => {
    const [status, message] = failure("text", ["--signature", "greet", "--input", "name=Bob"]);
    expect(status).toBe(2);
    expect(message).toContain(
      `"Bob" is neither JSON nor a path that ends in .json or .npy. Put a string in JSON quotes`,
    );
  });

  it("run reports errors of a file", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "broken.json"), "[1,");
    writeFileSync(join(folder, "latin.json"), '"\xff"', "latin1");
    writeFileSync(join(folder, "broken.npy"), "[1]");
    writeFileSync(join(folder, "double.npy"), encodeNpy(Tensor.from("float64", [[1, 2, 3]])));
    const messageFor = (file: string): string =>
      failure("dtypes", ["--signature", "matrix", "--input", `x=${file}`], folder)[1];
    expect(messageFor("broken.json")).toContain('INVALID_OPTION: --input "x": broken.json is not JSON: ');
    expect(messageFor("latin.json")).toContain("latin.json is not JSON: it is not UTF-8");
    expect(messageFor("broken.npy")).toContain('NPY_INVALID: --input "x": not a readable .npy file');
    expect(messageFor("double.npy")).toBe(
      'error INVALID_DTYPE: --input "x": double.npy holds float64 [1, 3], expected float32. Convert it in Python: x.astype("float32").\n',
    );
  });
});

describe("--output", () => {
  const describeText = [
    "--signature",
    "describe",
    "--input",
    'texts=["a"]',
    "--input",
    "repeat=1",
    "--input",
    "uppercase=true",
  ];

  it("--output writes all outputs as JSON and single ones as .npy or JSON, and creates folders", () => {
    const folder = tempFolder();
    const files = ["all.json", "lengths=new/lengths.npy", "joined=new/joined.json"];
    const { status, stdout } = run("text", [...describeText, ...files.flatMap((file) => ["--output", file])], folder);
    expect(status).toBe(0);
    expect(stdout).toContain("wrote new/lengths.npy  lengths  int64 [1]\n");
    expect(JSON.parse(readFileSync(join(folder, "all.json"), "utf8"))).toEqual({
      joined: "A",
      lengths: ["1"],
      long: [false],
      score: [0.5],
    });
    expect(decodeNpy(readFileSync(join(folder, "new/lengths.npy"))).data).toEqual(BigInt64Array.of(1n));
    expect(readFileSync(join(folder, "new/joined.json"), "utf8")).toBe('"A"\n');
    expect(readdirSync(folder).sort()).toEqual(["all.json", "new"]);
  });

  it("--output writes back the bytes of a .npy file that was an input", () => {
    const folder = tempFolder();
    const file = join(root, "test/models/npy/float32.npy");
    const parameters = ["--signature", "float32", "--input", `x=${file}`, "--output", "a=b.npy"];
    expect(failure("dtypes", parameters, folder)[1]).toContain('the signature has no output "a". Did you mean "y"?');
    expect(run("dtypes", [...parameters.slice(0, -1), "./a=b.npy"], folder).status).toBe(0);
    expect(readFileSync(join(folder, "a=b.npy"))).toEqual(readFileSync(file));
  });

  it("--output prints only JSON if --json is given as well", () => {
    const folder = tempFolder();
    const { stdout } = run("counter", ["--signature", "get", "--output", "count.json", "--json"], folder);
    expect(JSON.parse(stdout)).toEqual({ count: 0 });
    expect(readFileSync(join(folder, "count.json"), "utf8")).toBe(stdout);
  });

  it.each([
    ["a misspelled output", ["lenghts=x.npy"], 'the signature has no output "lenghts". Did you mean "lengths"?'],
    ["another kind of file", ["x.txt"], '"x.txt" ends neither in .json nor in .npy'],
    [
      "one .npy file for several outputs",
      ["x.npy"],
      'a .npy file holds one output, got 4. Choose one, e.g. --output "joined=x.npy".',
    ],
    ["a file twice", ["x.json", "joined=./x.json"], "./x.json is given twice"],
  ])("--output exits with 2 for %s", (_, files, words) => {
    const folder = tempFolder();
    const parameters = files.flatMap((file) => ["--output", file]);
    const [status, message] = failure("text", [...describeText, ...parameters], folder);
    expect([status, message]).toEqual([2, expect.stringContaining(words)]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("--output writes no file when one of them cannot be written", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "folder.json"));
    writeFileSync(join(folder, "file"), "");
    for (const bad of ["folder.json", "file/x.json"]) {
      const [status, message] = failure("text", [...describeText, "--output", "a.json", "--output", bad], folder);
      expect([status, message]).toEqual([1, expect.stringContaining(`WRITE_FAILED: ${bad} cannot be written: `)]);
      expect(readdirSync(folder).sort()).toEqual(["file", "folder.json"]);
    }
  });

  it("--output reports an output that a .npy file cannot store", () => {
    const folder = tempFolder();
    const parameters = ["--signature", "bfloat16", "--input", "x=[1]", "--output", "x.npy"];
    const [status, message] = failure("dtypes", parameters, folder);
    expect([status, message]).toEqual([1, expect.stringContaining('NPY_UNSUPPORTED: output "y": a bfloat16 tensor')]);
    expect(existsSync(join(folder, "x.npy"))).toBe(false);
  });
});

describe("JSON", () => {
  it("JSON parsing keeps wide integers as strings and changes nothing else", () => {
    const text =
      '[1234567890123456789, -1234567890123456789, 0.1234567890123456789, 1234567890123456789e1, "1234567890123456789\\"", {"1234567890123456789": 1}]';
    const [integer, negative, ...rest] = JSON.parse(text) as unknown[];
    expect([integer, negative]).toEqual([1234567890123456800, -1234567890123456800]);
    expect(parseExact(text)).toEqual(["1234567890123456789", "-1234567890123456789", ...rest]);
    expect(() => parseExact("[1234567890123456789")).toThrow(SyntaxError);
  });

  it("writes JSON without loss", () => {
    const value = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 5n, 1e21, true, '\u0000"', { a: [1] }, null];
    expect(jsonText(value)).toBe('["NaN","-Infinity",-0.0,"5",1e+21,true,"\\u0000\\"",{"a":[1]},null]');
  });
});

it("docs/run.md shows the actual output", () => {
  const folder = tempFolder();
  symlinkSync(join(root, "test"), join(folder, "test"));
  const shell = `npx() { shift; ${[process.execPath, ...command].map((part) => `'${part}'`).join(" ")} "$@"; }`;
  const blocks = readFileSync(join(root, "docs/run.md"), "utf8").matchAll(/^```console\n(.*?)^```/gms);
  const steps = Array.from(blocks, ([, block = ""]) => block.split(/^\$ /m).slice(1)).flat();
  expect(steps.length).toBeGreaterThan(10);
  for (const step of steps) {
    const [line = "", ...output] = step.trimEnd().split("\n");
    const { stdout } = spawnSync("sh", ["-c", `${shell}\n${line} 2>&1`], { cwd: folder, encoding: "utf8" });
    expect(stdout.trimEnd(), line).toBe(output.join("\n"));
  }
});

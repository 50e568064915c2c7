import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { generate } from "../../generator/index.js";
import { type TensorSpec, writeModel } from "../support/saved-model.js";
import { tempFolder } from "../support/temp.js";
import { consumerOptions, inConsumer } from "../support/typescript.js";

const COUNT = 200;

/** Shapes as networks have them; a negative size is unknown. */
const SHAPES: readonly (readonly number[] | null)[] = [[-1, 224, 224, 3], [-1, 10], [1, 16], [], null];

/** The client of a model with many signatures, each of other dtypes and shapes than the one before. */
function manySignatures(): string {
  const folder = join(tempFolder(), "many");
  const tensor = (key: string, index: number): TensorSpec => ({
    key,
    // float32, int32, string, int64, bool
    dtype: [1, 3, 7, 9, 10][index % 5] ?? 1,
    shape: [...(SHAPES[index % SHAPES.length] ?? [])].map((size) => (size > 1 ? size + index : size)),
    tensor: "x:0",
  });
  const signatures = Array.from({ length: COUNT }, (_, index) => ({
    key: `run_${index}`,
    methodName: "",
    inputs: [tensor("a", index), tensor("b", index + 1), tensor("c", index + 2)],
    outputs: [tensor("y", index), tensor("z", index + 3)],
  }));
  writeModel(folder, { tags: ["serve"], tensorflowVersion: "", signatures });
  return generate(folder, { className: "Many" }).text;
}

/** How many types the compiler makes of generic ones for these files; library declarations are left out. */
function instantiations(files: Readonly<Record<string, string>>): number {
  return inConsumer(files, (folder) => {
    const { options } = ts.convertCompilerOptionsFromJson({ ...consumerOptions, skipLibCheck: true }, folder);
    const paths = Object.keys(files).map((name) => `${folder}/${name}`);
    const program = ts.createProgram(paths, options);
    const errors = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText);
    expect(errors).toEqual([]);
    return program.getInstantiationCount();
  });
}

const numbers: readonly number[] = Array.from({ length: COUNT }, (_, index) => index);

const client = 'import { Many } from "./many.js";\nexport const model: Many = Many.load();\n';

/** Calls of the signatures whose first input is a scalar of int64, with what only the compiler can tell to fit. */
const calls = numbers
  .filter((index) => index % 5 === 3)
  .map((index) => `model.run${index}(1n, true, [[[[1]]]] as number[][][][]);`)
  .join("\n");

const fakes = `Many.fake({ ${numbers.map((index) => `run${index}: (a, b, c) => ({ y: a, z: [b, c] as never }),`).join(" ")} });`;

describe("a client of 200 signatures is cheap for the compiler", () => {
  // Each bound is about one and a half times what was counted.
  it.each([
    ["where one is called", "model.run0;", 70_000],
    ["where many are called", calls, 72_000],
    ["where all are faked", fakes, 150_000],
  ])("%s", (_, use, bound) => {
    const files = { "many.ts": manySignatures(), "use.ts": `${client}${use}\n` };
    expect(instantiations(files)).toBeLessThan(bound);
  });
});

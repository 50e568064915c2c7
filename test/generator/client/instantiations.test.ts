import ts from "typescript";
import { describe, expect, it } from "vitest";
import { COUNT, manySignatures } from "../../support/many-signatures.js";
import { tempFolder } from "../../support/temp.js";
import { consumerOptions, inConsumer } from "../../support/typescript.js";

/** Returns the number of type instantiations for these files, without library declarations. */
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

const fakes = `Many.fake({ ${numbers.map((index) => `run${index}: ({ a, b, c }) => ({ y: a, z: [b, c] as never }),`).join(" ")} });`;

describe("compiling a client of 200 signatures", () => {
  // Each bound is about one and a half times what was counted.
  it.each([
    ["where one is called", "model.run0;", 21_000],
    ["where many are called", calls, 22_000],
    ["where all are faked", fakes, 22_000],
  ])("stays below the limit of type instantiations: %s", (_, use, bound) => {
    const files = { "many.ts": manySignatures(tempFolder()), "use.ts": `${client}${use}\n` };
    expect(instantiations(files)).toBeLessThan(bound);
  });
});

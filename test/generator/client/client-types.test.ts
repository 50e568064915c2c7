import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generate } from "../../../generator/index.js";
import { writeModel } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

const FLOAT = 1;

describe("the types of a generated client", () => {
  it("types accept memory that can hold a result, and reject other memory", () => {
    const names = ["composite", "custom-model", "dtypes", "metrics", "regression", "text"];
    const clients = names.map((name) => [`${name}.ts`, generate(modelFolder(name.replace("-", "_"))).text]);
    const use = readFileSync(new URL("../../typings/use-into.ts", import.meta.url), "utf8");
    expect(typeErrors({ ...Object.fromEntries(clients), "use-into.ts": use })).toEqual([]);
  }, 240_000);

  it("types allow omitting an optional argument before a required one", () => {
    const { text } = generate(modelFolder("contradictions"));
    const use = `
      import { Contradictions } from "./contradictions.js";
      const model = Contradictions.load();
      model.optional(undefined, [[1, 2]]);
      model.random([1, 2], [[1, 2]]);
      const bytes: Uint8Array = model.encode([[1, 2]]).png;
      const text: string = model.encode([[1, 2]]).text;
      // @ts-expect-error: bytes are not text
      const wrong: string = model.encode([[1, 2]]).png;
      void [bytes, text, wrong];`;
    expect(typeErrors({ "contradictions.ts": text, "use.ts": use })).toEqual([]);
  });

  it("types treat a rank too high for the compiler as any shape", () => {
    const folder = tempFolder();
    const tensor = (key: string, rank: number) => ({ key, dtype: FLOAT, shape: Array(rank).fill(1), tensor: "x:0" });
    const signature = (rank: number) => ({
      key: `rank_${rank}`,
      methodName: "",
      inputs: [tensor("x", rank)],
      outputs: [tensor("y", rank)],
    });
    const signatures = [16, 17, 40].map(signature);
    writeModel(folder, { tags: ["serve"], tensorflowVersion: "", signatures });
    const { text } = generate(folder, { className: "Ranks" });
    expect(text).toContain(`TensorLike<"float32", [${Array(16).fill(1).join(", ")}]>`);
    const methods = text.match(/(?<=^ {2})rank\d+\([^;]*;/gm)?.map((method) => method.replaceAll(/\s+/g, " "));
    const options = 'options?: ResultOptions<Tensor<"float32", AnyShape>>';
    for (const rank of [17, 40]) {
      const parameters = `this: void, x: TensorLike<"float32", AnyShape>, ${options}`;
      expect(methods).toContain(`rank${rank}( ${parameters}, ): Tensor<"float32", AnyShape>;`);
    }
    const use = `
      import { Ranks } from "./ranks.js";
      const { shape } = Ranks.load().rank40(new Float32Array(1));
      const sizes: readonly number[] = shape;
      void sizes;`;
    expect(typeErrors({ "ranks.ts": text, "use.ts": use })).toEqual([]);
  });
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generate } from "../../../generator/index.js";
import { modelFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

const clients = Object.fromEntries(
  ["composite", "example", "metrics", "optimizers", "regression"].map((name) => [
    `${name}.ts`,
    generate(modelFolder(name)).text,
  ]),
);

it("types accept the data that fit accepts, and reject other data", () => {
  const use = readFileSync(new URL("../../typings/use-fit.ts", import.meta.url), "utf8");
  expect(typeErrors({ ...clients, "use-fit.ts": use })).toEqual([]);
}, 120_000);

it("the compiler's message for a wrong column ends with the reason", () => {
  const wrong = `
import { fit } from "savedmodel";
import type { Composite } from "./composite.js";
declare const model: Composite;
declare const sparse: { indices: number[][]; values: number[]; shape: [number, 3] };
void fit(model.mix, [[["a"]], 0.5, sparse]);
`;
  const [first = "", ...more] = typeErrors({ ...clients, "wrong.ts": wrong });
  expect(more).toEqual([]);
  expect(first).not.toContain("never");
  expect(first.split("\n").at(-1)?.trim()).toBe(
    "Type 'string' is not assignable to type 'AnyNestedLike<\"float32\">'.",
  );
}, 120_000);

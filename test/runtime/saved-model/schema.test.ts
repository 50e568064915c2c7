import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { inspect } from "../../../generator/index.js";
import { modelFolder } from "../../support/temp.js";

const file = new URL("../../../docs/model-description.schema.json", import.meta.url);
const schema = JSON.parse(readFileSync(file, "utf8"));

it("the schema of `inspect --json` matches the types (`npm run schema` updates it)", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const generator = `${root}node_modules/ts-json-schema-generator/bin/ts-json-schema-generator.js`;
  const flags = ["--path", "runtime/saved-model/model-info.ts", "--type", "ModelInfo", "--no-type-check"];
  const generated = execFileSync(process.execPath, [generator, ...flags, "--tsconfig", "tsconfig.json"], { cwd: root });
  expect(schema).toEqual(JSON.parse(generated.toString()));
});

it.each(["custom_model", "dtypes", "names", "text"])("the description of %s satisfies the schema", (name) => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  const description: unknown = JSON.parse(JSON.stringify(inspect(modelFolder(name))));
  expect(validate(description), JSON.stringify(validate.errors)).toBe(true);
});

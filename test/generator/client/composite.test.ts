import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { generate, inspect } from "../../../generator/index.js";
import type { TensorInfo } from "../../../runtime/index.js";
import { decode } from "../../../runtime/saved-model/proto/decode.js";
import { expectError } from "../../support/errors.js";
import { hasShared, NO_SHARED, needs, shared } from "../../support/needs.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

function tensorsOf(directory: string, signature: string, role: "inputs" | "outputs"): readonly string[] {
  const found = inspect(directory).signatures.find(({ key }) => key === signature);
  return (found?.[role] ?? []).map(form);
}

/** `x: ragged int64 [?, ?] = flat_values x int64, row_splits x_1 int32` */
function form({ key, name, encoding, dtype, shape, components = [] }: TensorInfo): string {
  const parts = components.map((part) => [part.role, part.key, part.dtype].filter(Boolean).join(" ")).join(", ");
  const sizes = shape?.map((size) => size ?? "?").join(", ");
  return `${key}${name === undefined ? "" : ` (${name})`}: ${encoding ?? "dense"} ${dtype} [${sizes}]${parts === "" ? "" : ` = ${parts}`}`;
}

describe("combining components", () => {
  it("components are combined in the author's order, with the shape of the whole", () => {
    expect(tensorsOf(modelFolder("composite"), "mix", "inputs")).toEqual([
      "zrows: ragged float32 [?, ?] = flat_values zrows float32, row_splits zrows_1 int64",
      "scale: dense float32 []",
      "asp: sparse float32 [?, 3] = indices asp int64, values asp_1 float32, dense_shape asp_2 int64",
    ]);
  });

  it("components inside nested structures are combined, with the author's name if the key is generated", () => {
    expect(tensorsOf(modelFolder("composite"), "deep", "inputs")).toEqual([
      "x: ragged int64 [?, ?, ?] = flat_values x int64, row_splits x_1 int32, row_splits x_2 int32",
      "pair (left): sparse string [?, ?] = indices pair int64, values pair_1 string, dense_shape pair_2 int64",
      "pair_3 (right): dense float32 [2]",
    ]);
    expect(generate(modelFolder("composite")).text).toContain("    right: TensorLike");
  });

  it("components stay separate if the object graph does not match them", () => {
    const folder = tempFolder();
    cpSync(modelFolder("composite"), folder, { recursive: true });
    hideFromObjectGraph(join(folder, "saved_model.pb"), "__inference_mix_");
    expect(tensorsOf(folder, "mix", "inputs").map((text) => text.replace(/:.*/, ""))).toEqual([
      "zrows",
      "zrows_1",
      "scale",
      "asp",
      "asp_1",
      "asp_2",
    ]);
  });
});

describe("encoded outputs", () => {
  it("ragged and sparse outputs are described with their components", () => {
    expect(tensorsOf(modelFolder("composite"), "mix", "outputs")).toEqual([
      "dense: dense float32 [?, ?]",
      "scaled: sparse float32 [?, ?] = indices int64, values float32, dense_shape int64",
      "sums: dense float32 [?]",
      "twice: ragged float32 [?, ?] = flat_values float32, row_splits int64",
    ]);
  });
});

describe("the generated client", () => {
  it("types accept matching composite values and reject others", () => {
    const use = readFileSync(new URL("../../typings/use-composite.ts", import.meta.url), "utf8");
    expect(typeErrors({ "composite.ts": generate(modelFolder("composite")).text, "use-composite.ts": use })).toEqual(
      [],
    );
  });

  it("load reports differing components in terms of arguments", () => {
    const { message } = expectError(() => Composite.load(modelFolder("regression")), "SIGNATURE_MISMATCH");
    expect(message).toContain('signature "deep" is missing');
  });
});

const transform = `${shared}/tfx-transform-fn`;
describe("a model of TensorFlow Transform", () => {
  needs(hasShared, NO_SHARED);
  it("a TensorFlow Transform model has sparse inputs", () => {
    const { text, methods, notes } = generate(transform);
    expect(methods).toEqual(["transformSignature"]);
    expect(notes).toEqual([]);
    expect(text).toContain('company: SparseLike<"string", [number, number]>');
    expect(typeErrors({ "client.ts": text })).toEqual([]);
  });
});

/** Replaces a string in the object graph of a model, and nowhere else. */
function hideFromObjectGraph(file: string, text: string): void {
  const bytes = readFileSync(file);
  const { byteOffset, byteLength } = decode("SavedModel", bytes).metaGraphs[0]?.objectGraphDef ?? new Uint8Array();
  const objects = bytes.subarray(byteOffset - bytes.byteOffset).subarray(0, byteLength);
  for (let at = objects.indexOf(text); at >= 0; at = objects.indexOf(text)) objects[at] = "-".charCodeAt(0);
  writeFileSync(file, bytes);
}

import { join } from "node:path";
import { generate } from "../../generator/index.js";
import { type TensorFields, writeModel } from "./saved-model.js";

/** Number of signatures of {@link manySignatures}: `run_0` to `run_199`. */
export const COUNT = 200;

/** Shapes as networks have them; a negative size is unknown. */
const SHAPES: readonly (readonly number[] | null)[] = [[-1, 224, 224, 3], [-1, 10], [1, 16], [], null];

/** float32, int32, string, int64, bool */
const DTYPES: readonly number[] = [1, 3, 7, 9, 10];

/**
 * The client `Many` of a model with many signatures, each of other dtypes and shapes than the one before: three inputs,
 * `a`, `b` and `c`, and two outputs, `y` and `z`.
 *
 * @param folder where the model is written to
 */
export function manySignatures(folder: string): string {
  const tensor = (key: string, index: number): TensorFields => ({
    key,
    dtype: DTYPES[index % DTYPES.length] ?? 1,
    shape: SHAPES[index % SHAPES.length]?.map((size) => (size > 1 ? size + index : size)) ?? null,
    tensor: "x:0",
  });
  const signatures = Array.from({ length: COUNT }, (_, index) => ({
    key: `run_${index}`,
    methodName: "",
    inputs: [tensor("a", index), tensor("b", index + 1), tensor("c", index + 2)],
    outputs: [tensor("y", index), tensor("z", index + 3)],
  }));
  const model = join(folder, "many");
  writeModel(model, { tags: ["serve"], tensorflowVersion: "", signatures });
  return generate(model, { className: "Many" }).text;
}

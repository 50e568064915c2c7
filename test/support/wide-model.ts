import { type GeneratedClient, generate } from "../../generator/index.js";
import { type TensorFields, writeModel } from "./saved-model.js";

/** Writes a model whose signatures take many inputs, `train` six of which one is optional, and generates its client. */
export function generateWide(folder: string): GeneratedClient {
  const of = (key: string, dtype: number, shape: readonly number[], byDefault?: object): TensorFields => ({
    key,
    dtype,
    shape,
    tensor: `${key}:0`,
    ...(byDefault === undefined ? {} : { byDefault }),
  });
  const inputs = [of("age", 1, [-1]), of("height", 1, [-1]), of("income", 1, [-1]), of("weight", 1, [-1, 2])];
  const rate = of("rate", 1, [], { dtype: 1, tensorShape: {}, floatVal: [0.5] });
  const outputs = [of("loss", 1, [])];
  const methodName = "";
  writeModel(folder, {
    tags: ["serve"],
    tensorflowVersion: "2.21.0",
    signatures: [
      { key: "predict", methodName, inputs, outputs: [of("score", 1, [-1])] },
      { key: "serving_default", methodName, inputs, outputs: [of("score", 1, [-1])] },
      { key: "single", methodName, inputs: [of("age", 1, [-1])], outputs },
      { key: "train", methodName, inputs: [...inputs, of("label", 9, [-1]), rate], outputs },
    ],
  });
  return generate(folder, { className: "Wide" });
}

import { type Model, Tensor } from "../../runtime/index.js";
import type { GoldenCall, GoldenTensor } from "../support/goldens.js";

export type Inputs = Readonly<Record<string, unknown>>;

/** Runs a signature and writes down its inputs and outputs in the form of the golden files. */
export function record(model: Model, signature: string, inputs: Inputs): GoldenCall {
  const description = model.signatures.find(({ key }) => key === signature);
  if (description === undefined) throw new Error(`no signature ${signature}`);
  // Goldens have the loose components of ragged tensors, which a model without a client takes as well.
  const parts = description.inputs.flatMap(({ key, dtype, components }): [string, string][] =>
    components === undefined ? [[key, dtype]] : components.map((part) => [part.key ?? "", part.dtype]),
  );
  const tensors = Object.fromEntries(
    parts
      .filter(([key]) => inputs[key] !== undefined)
      .map(([key, dtype]) => [key, Tensor.from(dtype as "float32", inputs[key] as number[])]),
  );
  // The models of this test have dense outputs only.
  const outputs = model.run(signature, tensors) as Readonly<Record<string, Tensor>>;
  return {
    signature,
    inputs: mapValues(tensors, golden),
    outputs: mapValues(outputs, golden),
  };
}

/** Numbers that JSON has, strings, and wide integers as text: the models of this test have no others. */
export function golden(tensor: Tensor): GoldenTensor {
  const { dtype, shape } = tensor;
  if ((dtype as string) === "string") {
    return { dtype, shape, data: tensor.bytes.map((bytes) => Buffer.from(bytes).toString("base64")) };
  }
  return {
    dtype,
    shape,
    data: Array.from(tensor.data as ArrayLike<unknown>, (value) =>
      typeof value === "bigint" ? `${value}` : value,
    ) as number[],
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

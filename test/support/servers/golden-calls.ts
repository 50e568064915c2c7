import { expect } from "vitest";
import {
  type Engine,
  RaggedTensor,
  SavedModelError,
  SparseTensor,
  type Tensor,
  type TensorInfo,
} from "../../../runtime/index.js";
import { expectGolden, type GoldenTensor, goldenParts, readCases, toTensor } from "../goldens.js";
import { AnyClient } from "./any-client.js";

/** A call that an engine cannot make, with the codes of the errors that say so. */
export type Exception = (signature: string, inputs: Readonly<Record<string, GoldenTensor>>) => readonly string[];

/**
 * Makes the calls of a model's golden cases, and compares their results with TensorFlow's in Python.
 *
 * @param connect makes the engine of a case; servers of models with variables start again
 * @returns the number of calls that were compared
 */
export async function compareGoldens(
  name: string,
  connect: () => Promise<{ readonly engine: Engine; readonly end: () => Promise<void> }>,
  exceptions: Exception = () => [],
): Promise<number> {
  let compared = 0;
  for (const { name: title, calls } of readCases(name)) {
    const { engine, end } = await connect();
    try {
      await using client = await AnyClient.connect(name, engine);
      for (const { signature, inputs, outputs } of calls) {
        const where = `${title}: ${signature}`;
        const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
        const values = joinInputs(client.signatures.find(({ key }) => key === signature)?.inputs ?? [], tensors);
        const codes = exceptions(signature, inputs);
        if (codes.length > 0) {
          const error: unknown = await client.runAsync(signature, values).catch((reason: unknown) => reason);
          expect(error, where).toBeInstanceOf(SavedModelError);
          expect(codes, String(error)).toContain((error as SavedModelError).code);
          continue;
        }
        const results = await client.runAsync(signature, values);
        const parts = Object.entries(results).flatMap(([key, output]) => Object.entries(goldenParts(key, output)));
        const found: Readonly<Record<string, Tensor>> = Object.fromEntries(parts);
        expect(Object.keys(found).sort(), where).toEqual(Object.keys(outputs).sort());
        for (const [key, golden] of Object.entries(outputs)) {
          expectGolden(found[key], golden, `${where} ${key}`, 1e-5);
          compared++;
        }
      }
    } finally {
      await end();
    }
  }
  return compared;
}

/** Joins the components of ragged and sparse inputs, which goldens have under their raw keys. */
function joinInputs(
  inputs: readonly TensorInfo[],
  tensors: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = { ...tensors };
  for (const { key, encoding, components = [] } of inputs) {
    const parts = components.flatMap((component) => {
      const tensor = component.key === undefined ? undefined : tensors[component.key];
      return tensor === undefined ? [] : [tensor];
    });
    const [first, second, third] = parts;
    if (encoding === undefined || parts.length < components.length || first === undefined || second === undefined)
      continue;
    for (const component of components) if (component.key !== undefined) delete values[component.key];
    const numbers = (tensor: Tensor | undefined): number[] => Array.from((tensor as Tensor<"int64">).data, Number);
    values[key] =
      encoding === "ragged"
        ? RaggedTensor.fromRowSplits(first, ...parts.slice(1).map(numbers))
        : SparseTensor.own(first, second, numbers(third));
  }
  return values;
}

import type { Model, Tensor, TensorLike } from "savedmodel";
import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";
import type { CallCase } from "../contestants/case.js";
import type { Call } from "./answer.js";

type Prepare = (kase: CallCase) => Call;

/** The generated clients, and how their cases are called: as in a program that uses them. */
export const clients: Readonly<Record<string, () => Prepare | Promise<Prepare>>> = {
  custom_model: () => {
    const model = CustomModel.load();
    return ({ signature }) => (signature === "train" ? () => model.train([[1, 1]], [[1]]) : () => model.pred([[1, 1]]));
  },
  dtypes: () => {
    const model = Dtypes.load();
    return ({ signature, size = 1, stringBytes = 0, readsData }) => {
      if (signature === "float32") {
        const data = new Float32Array(size).fill(1);
        return () => model.float32(data).data;
      }
      const strings = Array.from({ length: size }, () => "x".repeat(stringBytes));
      return readsData === true ? () => model.string(strings).data : () => model.string(strings).bytes;
    };
  },
  cnn: () => network("cnn", 32 * 32 * 3),
  mobilenet: () => network("mobilenet", 224 * 224 * 3),
};

/** What the clients of the networks have in common. They are generated when the benchmarks run. */
interface Network extends Model {
  predict(images: TensorLike<"float32", [number, number, number, number]>): Tensor<"float32", [number, number]>;
}

async function network(name: string, imageSize: number): Promise<Prepare> {
  // There is nothing yet to compile against.
  const module = (await import(`../../generated/${name}.js`)) as { readonly Network: { load(): Network } };
  const model = module.Network.load();
  return ({ size = 1 }) => {
    const images = Float32Array.from({ length: size * imageSize }, Math.random);
    return () => model.predict(images).data;
  };
}

/** An identity must give back what it was given, and a network probabilities. */
export function checkResult({ name, signature, size = 1, stringBytes = 4 }: CallCase, call: Call): void {
  if (signature === "predict") {
    const sum = (call() as Float32Array).reduce((total, value) => total + value);
    if (Math.abs(sum - size) < 1e-3 * size) return;
  } else {
    if (signature !== "float32" && signature !== "string") return;
    const result = call() as Float32Array | readonly (string | Uint8Array)[];
    const bytes = (value: number | string | Uint8Array): number => (typeof value === "number" ? 4 : value.length);
    const last = result[result.length - 1];
    if (result.length === size && last !== undefined && bytes(last) === stringBytes) return;
  }
  throw new Error(`${name} gave back something else`);
}

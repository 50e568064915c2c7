import { fit, type Model, type Tensor, type TensorLike } from "savedmodel";
import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";
import { Keras3 } from "../../generated/keras3.js";
import type { CallCase } from "../contestants/case.js";
import type { Call } from "./answer.js";
import { inManner } from "./manner.js";

type Prepare = (kase: CallCase) => Call;

/** The generated clients, with functions that call their cases as a program would. */
export const clients: Readonly<Record<string, () => Prepare | Promise<Prepare>>> = {
  custom_model: () => {
    const model = CustomModel.load();
    return (kase) => {
      if (kase.signature === "train") return trainings(model, kase);
      if (kase.into === true) {
        const into = new Float32Array(1);
        return () => model.pred([[1, 1]], { into });
      }
      return inManner(
        kase,
        () => model.pred([[1, 1]]),
        () => model.async.pred([[1, 1]]),
      );
    };
  },
  dtypes: () => {
    const model = Dtypes.load();
    return ({ signature, size = 1, stringBytes = 0, readsData, into: isInto = false }) => {
      if (signature === "float32") {
        const data = new Float32Array(size).fill(1);
        if (isInto) {
          const into = new Float32Array(size);
          return () => model.float32(data, { into }).data;
        }
        return () => model.float32(data).data;
      }
      const strings = Array.from({ length: size }, () => "x".repeat(stringBytes));
      return readsData === true ? () => model.string(strings).data : () => model.string(strings).bytes;
    };
  },
  // Batching is an option of the load.
  keras3: () => (kase) => {
    const { maxBatch } = kase;
    const model = Keras3.load(undefined, maxBatch === undefined ? {} : { batching: { predict: { maxBatch } } });
    if (kase.repeat === undefined) {
      const rows = new Float32Array((kase.size ?? 1) * 3).fill(1);
      return () => model.predict(rows).data;
    }
    return inManner(
      kase,
      (index) => model.predict([[index, 1, 1]]),
      (index) => model.async.predict([[index, 1, 1]]),
    );
  },
  cnn: () => network("cnn", 32 * 32 * 3),
  mobilenet: () => network("mobilenet", 224 * 224 * 3),
};

/** Returns a call of this many steps of `train`, by `fit` or in a loop over the same rows. */
function trainings({ train }: CustomModel, { manner, repeat = 1 }: CallCase): Call {
  if (repeat === 1) return () => train([[1, 1]], [[1]]);
  const x = new Float32Array(2 * repeat).fill(1);
  const target = new Float32Array(repeat).fill(1);
  if (manner === "fit") return () => fit(train, [x, target], { progress: false });
  return () => {
    let loss = 0;
    for (let row = 0; row < repeat; row++)
      loss += train(x.subarray(2 * row, 2 * row + 2), target.subarray(row, row + 1));
    return loss / repeat;
  };
}

/** Common interface of the clients of the networks. They are generated when the benchmarks run. */
interface Network extends Model {
  predict(images: Images): Probabilities;
  readonly async: { predict(images: Images): Promise<Probabilities> };
}

type Images = TensorLike<"float32", [number, number, number, number]>;
type Probabilities = Tensor<"float32", [number, number]>;

async function network(name: string, imageSize: number): Promise<Prepare> {
  // The client does not exist yet at compile time.
  const module = (await import(`../../generated/${name}.js`)) as { readonly Network: { load(): Network } };
  const model = module.Network.load();
  return (kase) => {
    const images = Float32Array.from({ length: (kase.size ?? 1) * imageSize }, Math.random);
    return inManner(
      kase,
      () => model.predict(images).data,
      async () => (await model.async.predict(images)).data,
    );
  };
}

/** Checks that an identity returns its input, and a network probabilities. */
export async function checkResult(
  { name, isIdentity = false, size = 1, stringBytes = 4, isRandom = false }: CallCase,
  call: Call,
): Promise<void> {
  if (isRandom) {
    const sum = ((await call()) as Float32Array).reduce((total, value) => total + value);
    if (Math.abs(sum - size) < 1e-3 * size) return;
  } else {
    if (!isIdentity) return;
    const result = call() as Float32Array | readonly (string | Uint8Array)[];
    const bytes = (value: number | string | Uint8Array): number => (typeof value === "number" ? 4 : value.length);
    const last = result[result.length - 1];
    if (result.length === size && last !== undefined && bytes(last) === stringBytes) return;
  }
  throw new Error(`${name} gave back something else`);
}

/**
 * `onnx.js <folder> <model> <cases as JSON>`: calls an ONNX model with the onnxruntime-node in a folder, and
 * measures each call. Asynchronous cases are `await session.run()`; the others call the native function that it wraps.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { CallCase } from "../contestants/case.js";
import { answer, type Call } from "./answer.js";
import { checkResult } from "./cases.js";

interface OnnxTensor {
  readonly data: Float32Array;
}
type Tensors = Readonly<Record<string, OnnxTensor>>;

/** The part of onnxruntime-node that is used. */
interface OnnxRuntime {
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
  readonly InferenceSession: {
    create(file: string): Promise<{ run(feeds: Tensors): Promise<Tensors>; readonly outputNames: readonly string[] }>;
  };
}

/** Its native part. */
interface Binding {
  readonly initOrt: () => void;
  readonly binding: {
    readonly InferenceSession: new () => {
      loadModel(file: string, options: object): void;
      run(feeds: Tensors, fetches: Readonly<Record<string, null>>, options: object): Tensors;
    };
  };
}

const IMAGES: Readonly<Record<string, readonly number[]>> = { cnn: [3, 32, 32], mobilenet: [3, 224, 224] };

const [folder = "", file = "", json = "[]"] = process.argv.slice(2);
const require = createRequire(import.meta.url);
// Interfaces of another package, as its version that is installed has them.
const { InferenceSession, Tensor } = require(folder) as OnnxRuntime;
const { initOrt, binding } = require(join(folder, "dist/binding.js")) as Binding;

const session = await InferenceSession.create(file);
initOrt();
const native = new binding.InferenceSession();
native.loadModel(file, {});
const [output = ""] = session.outputNames;

/** Returns what is fed: tensors that the call makes, as our client makes its own from what it is given. */
function feeds({ name, size = 1, isRandom = false }: CallCase): () => Tensors {
  const image = IMAGES[name.split("/")[0] ?? ""];
  if (image === undefined) return () => ({ x: new Tensor("float32", Float32Array.of(1, 1), [1, 2]) });
  const dims = [size, ...image];
  const data = new Float32Array(dims.reduce((product, size) => product * size)).map(isRandom ? Math.random : () => 1);
  return () => ({ x: new Tensor("float32", data, dims) });
}

function prepare(kase: CallCase): Call {
  const make = feeds(kase);
  if (kase.manner === "awaited") return async () => (await session.run(make()))[output]?.data;
  return () => native.run(make(), { [output]: null }, {})[output]?.data;
}

const calls = new Map<string, Call>();
for (const kase of JSON.parse(json) as CallCase[]) {
  const call = prepare(kase);
  await checkResult(kase, call);
  calls.set(kase.name, call);
}
await answer(calls);

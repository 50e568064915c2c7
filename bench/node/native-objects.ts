import { createRequire } from "node:module";

/** Number of native objects that are not deleted yet, by kind, such as `Tensor`. */
export type LiveObjects = Readonly<Record<string, number>>;

type NativeFunction = ((...parameters: unknown[]) => unknown) & { async?: (...parameters: unknown[]) => void };

/** A library that koffi has loaded. */
interface Handle {
  func(definition: string, ...types: unknown[]): NativeFunction;
}

/** The part of koffi that binds functions of TensorFlow. */
interface Koffi {
  load: (...parameters: unknown[]) => Handle;
  readonly view: (address: bigint, bytes: number) => ArrayBuffer;
}

/** Kinds of the functions that create an object and whose name does not tell it. */
const MAKERS: Readonly<Record<string, string>> = {
  TF_AllocateTensor: "Tensor",
  TF_CheckpointReaderGetTensor: "Tensor",
  TF_GetAllOpList: "Buffer",
  TF_LoadSessionFromSavedModel: "Session",
  TF_NewBufferFromString: "Buffer",
  TF_SessionListDevices: "DeviceList",
};

/** Counts the objects that the runtime creates and deletes after this call. Nothing may have been loaded before. */
export function countNativeObjects(): () => LiveObjects {
  const koffi = createRequire(import.meta.resolve("savedmodel"))("koffi") as Koffi;
  const live: Record<string, number> = {};
  const add = (kind: string, count: number): void => {
    live[kind] = (live[kind] ?? 0) + count;
  };
  const note = (name: string, parameters: readonly unknown[], result: unknown): void => {
    const made = MAKERS[name] ?? /^TF_New(\w+)$/.exec(name)?.[1];
    const deleted = /^TF_Delete(\w+)$/.exec(name)?.[1];
    if (made !== undefined && result !== null) add(made, 1);
    if (deleted !== undefined && parameters[0] !== null) add(deleted, -1);
    // TF_Tensor*[] and its length: the fetched ones.
    if (name === "TF_SessionRun" && parameters[6] !== null) {
      const [array, count] = [parameters[6] as BigUint64Array | number, parameters[7] as number];
      const fetched =
        typeof array === "number"
          ? new BigUint64Array(koffi.view(BigInt(array), count * BigUint64Array.BYTES_PER_ELEMENT))
          : array.subarray(0, count);
      add("Tensor", fetched.filter((tensor) => tensor !== 0n).length);
    }
  };
  const { load } = koffi;
  koffi.load = (...where) => {
    const handle = load(...where);
    const func: Handle["func"] = (definition, ...types) => {
      const name = /TF_\w+/.exec(definition)?.[0] ?? "";
      const original = handle.func(definition, ...types);
      const counted: NativeFunction = (...parameters) => {
        const result = original(...parameters);
        note(name, parameters, result);
        return result;
      };
      counted.async = (...parameters) => {
        const done = parameters.pop() as (error: unknown, result: unknown) => void;
        original.async?.(...parameters, (error: unknown, result: unknown) => {
          note(name, parameters, result);
          done(error, result);
        });
      };
      return counted;
    };
    const bound = (value: unknown): unknown => (typeof value === "function" ? value.bind(handle) : value);
    return new Proxy(handle, { get: (target, key) => (key === "func" ? func : bound(Reflect.get(target, key))) });
  };
  // An operation that is described is consumed when it is added to its graph.
  return () => Object.fromEntries(Object.entries(live).filter(([kind]) => kind !== "Operation"));
}

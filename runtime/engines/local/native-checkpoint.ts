import { blocking, type Steps } from "../../base/steps.js";
import type { CheckpointReader } from "../graph/checkpoint/checkpoint-reader.js";
import { type NativeApi, nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { withStatus } from "./native/status.js";
import { readStrings } from "./run/string-tensor.js";

/**
 * Functions that read checkpoints (tensorflow/c/c_api_experimental.h). They are looked up when they are needed: nothing
 * else fails with a library that lacks them.
 */
const functions = {
  TF_NewCheckpointReader: ["void *", ["str" /* path prefix */, "void *" /* status */]],
  TF_DeleteCheckpointReader: ["void", ["void *" /* reader */]],
  TF_CheckpointReaderSize: ["int", ["void *" /* reader */]],
  TF_CheckpointReaderGetVariable: ["str", ["void *" /* reader */, "int" /* index */]],
  TF_CheckpointReaderGetVariableDataType: ["int", ["void *" /* reader */, "str" /* key */]],
  TF_CheckpointReaderGetVariableNumDims: ["int", ["void *" /* reader */, "str" /* key */]],
  TF_CheckpointReaderGetVariableShape: [
    "void",
    ["void *" /* reader */, "str" /* key */, "void *" /* int64_t[], filled */, "int" /* rank */, "void *" /* status */],
  ],
  /** A new tensor, whose checksum was compared. */
  TF_CheckpointReaderGetTensor: ["void *", ["void *" /* reader */, "str" /* key */, "void *" /* status */]],
} as const;

type Value = string | number | bigint | ArrayBufferView | null;
type Functions = Readonly<Record<keyof typeof functions, (...parameters: readonly Value[]) => unknown>>;

/** A checkpoint that TensorFlow's library reads. */
export class NativeCheckpoint implements CheckpointReader {
  readonly keys: ReadonlySet<string>;
  readonly #api: NativeApi;
  readonly #functions: Functions;
  readonly #reader: Pointer;

  /** @throws TensorFlowError when it cannot be read; SavedModelError `LIBRARY_INVALID` */
  constructor(api: NativeApi, prefix: string) {
    this.#api = api;
    this.#functions = bind(api);
    const reader = withStatus(api, (status) => this.#functions.TF_NewCheckpointReader(prefix, status));
    this.#reader = nonNull(reader as Pointer | null, "checkpoint reader");
    const size = this.#functions.TF_CheckpointReaderSize(this.#reader) as number;
    const key = (index: number): string => String(this.#functions.TF_CheckpointReaderGetVariable(this.#reader, index));
    this.keys = new Set(Array.from({ length: size }, (_, index) => key(index)));
  }

  describe(key: string): ReturnType<CheckpointReader["describe"]> {
    // TensorFlow ends the process for any other key.
    if (!this.keys.has(key)) return undefined;
    const dtype = this.#functions.TF_CheckpointReaderGetVariableDataType(this.#reader, key) as number;
    const rank = this.#functions.TF_CheckpointReaderGetVariableNumDims(this.#reader, key) as number;
    const shape = new BigInt64Array(Math.max(1, rank));
    withStatus(this.#api, (status) =>
      this.#functions.TF_CheckpointReaderGetVariableShape(this.#reader, key, shape, rank, status),
    );
    return { dtype, shape: Array.from(shape.subarray(0, rank), Number) };
  }

  verify(keys: readonly string[]): Steps<void> {
    return blocking(() => {
      for (const key of keys) this.#api.TF_DeleteTensor(this.#tensor(key));
    });
  }

  bytes(key: string): Steps<Uint8Array> {
    return blocking(() => this.#bytes(key));
  }

  #bytes(key: string): Uint8Array {
    const tensor = this.#tensor(key);
    try {
      return readStrings(this.#api, tensor, 1).bytes;
    } finally {
      this.#api.TF_DeleteTensor(tensor);
    }
  }

  close(): void {
    this.#functions.TF_DeleteCheckpointReader(this.#reader);
  }

  #tensor(key: string): Pointer {
    const tensor = withStatus(this.#api, (status) =>
      this.#functions.TF_CheckpointReaderGetTensor(this.#reader, key, status),
    );
    return nonNull(tensor as Pointer | null, "tensor");
  }
}

let bound: Functions | undefined;

function bind({ library }: NativeApi): Functions {
  // The table that is iterated is the one that the type is derived from.
  bound ??= Object.fromEntries(
    Object.entries(functions).map(([name, [result, parameters]]) => [
      name,
      library.find(name).func(name, result, [...parameters]),
    ]),
  ) as unknown as Functions;
  return bound;
}

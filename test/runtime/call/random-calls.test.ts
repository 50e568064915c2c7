import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AnyTensor, type DType, Model, SavedModelError, Tensor } from "../../../runtime/index.js";
import { Random } from "../../support/random.js";

/** The number of calls; 200,000 are an option. */
const CALLS = Number(process.env.SAVEDMODEL_TEST_CALLS ?? 4_000);
const SEED = Number(process.env.SAVEDMODEL_TEST_SEED ?? Date.now() % 2 ** 31);

let model: Model;
beforeAll(() => {
  model = Model.load(fileURLToPath(new URL("../../models/dtypes", import.meta.url)));
});
afterAll(() => model.dispose());

type NumericArray =
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

interface Layout {
  readonly array: new (buffer: ArrayBuffer, offset?: number, length?: number) => NumericArray;
  /** Items of the typed array for one element. */
  readonly items: 1 | 2;
}

const LAYOUTS: Readonly<Record<Exclude<DType, "string">, Layout>> = {
  bfloat16: { array: Uint16Array, items: 1 },
  bool: { array: Uint8Array, items: 1 },
  complex128: { array: Float64Array, items: 2 },
  complex64: { array: Float32Array, items: 2 },
  float16: { array: Uint16Array, items: 1 },
  float32: { array: Float32Array, items: 1 },
  float64: { array: Float64Array, items: 1 },
  int16: { array: Int16Array, items: 1 },
  int32: { array: Int32Array, items: 1 },
  int64: { array: BigInt64Array, items: 1 },
  int8: { array: Int8Array, items: 1 },
  qint16: { array: Int16Array, items: 1 },
  qint32: { array: Int32Array, items: 1 },
  qint8: { array: Int8Array, items: 1 },
  quint16: { array: Uint16Array, items: 1 },
  quint8: { array: Uint8Array, items: 1 },
  uint16: { array: Uint16Array, items: 1 },
  uint32: { array: Uint32Array, items: 1 },
  uint64: { array: BigUint64Array, items: 1 },
  uint8: { array: Uint8Array, items: 1 },
};
const NUMERIC = Object.keys(LAYOUTS) as Exclude<DType, "string">[];
const SIZES = [0, 1, 2, 3, 7, 8, 9, 31, 64, 100, 1000, 5000];

/** A value for the input `x`, and the bytes of the elements that have to come back. */
interface Valid {
  readonly value: unknown;
  readonly bytes: readonly Uint8Array[];
}

function strings(random: Random): Valid {
  const count = random.pick([0, 1, 2, 5, 40]);
  const bytes = Array.from({ length: count }, () => random.bytes(random.pick([0, 1, 21, 22, 23, 24, 60, 3000])));
  const forms = [
    () => bytes,
    () => Tensor.from("string", bytes, [count]),
    // Views that begin inside a larger buffer.
    () => bytes.map((text) => Buffer.concat([Buffer.from("<"), text, Buffer.from(">")]).subarray(1, 1 + text.length)),
  ];
  return { value: random.pick(forms)(), bytes };
}

function numbers(random: Random, dtype: Exclude<DType, "string">): Valid {
  const { array: NumericArray, items } = LAYOUTS[dtype];
  const count = random.pick(SIZES);
  const one = items * (new NumericArray(new ArrayBuffer(8)).BYTES_PER_ELEMENT ?? 0);
  const bytes = random.bytes(count * one);
  if (dtype === "bool") for (const [index, byte] of bytes.entries()) bytes[index] = byte % 2;
  const flat = new NumericArray(bytes.slice().buffer);
  const forms = [
    () => flat,
    () => Tensor.from(dtype, flat as never, [count]),
    () => {
      const padded = new Uint8Array(bytes.length + 2 * one);
      padded.set(bytes, one);
      return new NumericArray(padded.buffer, one, count * items);
    },
    () => {
      const tensor = model.allocate(dtype, [count]);
      (tensor.data as Uint8Array).set(flat as Uint8Array);
      return tensor;
    },
    () => plain(dtype, flat),
  ];
  return { value: random.pick(forms)(), bytes: [bytes] };
}

/** The elements as an array of plain values, where they keep their bits as those; otherwise as they are. */
function plain(dtype: DType, flat: NumericArray): unknown {
  if (dtype === "bool") return Array.from(flat, Boolean);
  if (/int/.test(dtype)) return Array.from(flat as ArrayLike<unknown>);
  return flat;
}

const hostile = {
  get 0(): never {
    throw new EvalError("a getter");
  },
  length: 1,
};
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const detached = new Float32Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

/** Values that no input `x` of the model takes, whatever its dtype. */
const INVALID: readonly unknown[] = [
  null,
  undefined,
  {},
  { length: 1, 0: 1 },
  { length: 2 ** 32 },
  hostile,
  new Proxy([], {
    get() {
      throw new EvalError("a proxy");
    },
  }),
  cyclic,
  () => 1,
  Symbol("x"),
  new Date(0),
  new Map([[0, 1]]),
  new Set([1]),
  /x/,
  Promise.resolve([1]),
  [undefined],
  [null],
  // biome-ignore lint/suspicious/noSparseArray: what a caller may give
  [, ,],
  [[1], [1, 2]],
  [1, [2]],
  [Symbol("x")],
  [{}],
  [new Date(0)],
  [-(2n ** 70n)],
  ["\ud800"],
  [[[]]],
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(8),
  detached,
  Tensor.from("float32", [[1, 2]] as never, [1, 2]),
  Tensor.from("string", [["a"]] as never, [1, 1]),
  Object.create(Tensor.prototype) as Tensor,
  Object.assign([1], { length: 5 }),
];

/** Calls with other keys than the signature has, and with names of signatures that there are not. */
const WRONG_CALLS: readonly [signature: string, inputs: unknown][] = [
  ["", {}],
  ["none", { x: [1] }],
  ["__proto__", { x: [1] }],
  ["toString", {}],
  ["float32", {}],
  ["float32", { y: [1] }],
  ["float32", { x: [1], y: [1] }],
  ["float32", []],
  ["float32", null],
  ["float32", 7],
  ["matrix", { x: [1, 2, 3] }],
  ["matrix", { x: new Float32Array(7) }],
  ["no_inputs", { x: [1] }],
  ["with_default", { scale: 1 }],
];

/** Runs a signature in one of the ways that there are. */
async function run(random: Random, signature: string, inputs: unknown): Promise<Record<string, AnyTensor>> {
  const given = inputs as Record<string, unknown>;
  return random.below(3) === 0 ? model.runAsync(signature, given) : model.run(signature, given);
}

function bytesOf(value: AnyTensor | undefined): readonly Uint8Array[] {
  const elements = Tensor.elementsOf(value as Tensor);
  if (!ArrayBuffer.isView(elements)) return elements;
  return [new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)];
}

function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, index) => Buffer.compare(bytes, b[index] ?? new Uint8Array(1)) === 0);
}

async function callValid(random: Random): Promise<string | undefined> {
  const dtype: DType = random.below(6) === 0 ? "string" : random.pick(NUMERIC);
  const { value, bytes } = dtype === "string" ? strings(random) : numbers(random, dtype);
  const { y } = await run(random, dtype, { x: value });
  return isSame(bytesOf(y), bytes) ? undefined : `${dtype}: other bytes came back for ${String(value).slice(0, 200)}`;
}

async function callInvalid(random: Random): Promise<string | undefined> {
  const [signature, inputs] =
    random.below(4) === 0
      ? random.pick(WRONG_CALLS)
      : ([random.pick([...NUMERIC, "string"]), { x: random.pick(INVALID) }] as const);
  try {
    await run(random, signature, inputs);
  } catch (error) {
    // A caller's own getter may throw what it likes.
    if (error instanceof SavedModelError || error instanceof EvalError) return undefined;
    return `${signature}: ${error instanceof Error ? error.stack : String(error)}`;
  }
  return `${signature}: accepted ${Object.prototype.toString.call(inputs)}`;
}

it(
  "random calls of all dtypes return the bits that they take, or a typed error",
  async () => {
    const random = new Random(SEED);
    const problems = new Set<string>();
    for (let count = 0; count < CALLS && problems.size < 10; count++) {
      const problem = await (random.below(4) === 0 ? callInvalid(random) : callValid(random));
      if (problem !== undefined) problems.add(problem);
    }
    expect([...problems], `seed ${SEED} (SAVEDMODEL_TEST_SEED)`).toEqual([]);
  },
  Math.max(600_000, 20 * CALLS),
);

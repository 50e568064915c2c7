import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DType, Model, RaggedTensor, SparseTensor, Tensor } from "../../../runtime/index.js";
import { type GoldenTensor, readCases, toTensor } from "../../support/goldens.js";

const dtypes = fileURLToPath(new URL("../../models/dtypes", import.meta.url));

/** The calls of the signatures that are an identity, each with its extreme values. */
const calls = readCases("dtypes")
  .flatMap((kase) => kase.calls)
  .flatMap(({ signature, inputs, outputs }) =>
    inputs.x !== undefined && signature === inputs.x.dtype && inputs.x.data?.length !== 0
      ? [{ signature, x: inputs.x, y: outputs.y as GoldenTensor }]
      : [],
  );

/** The bytes of the elements: of numbers one array, which NaN and -0 are compared by. */
function bytesOf(tensor: unknown): readonly Uint8Array[] {
  expect(Tensor.is(tensor)).toBe(true);
  const elements = Tensor.elementsOf(tensor as Tensor);
  if (!ArrayBuffer.isView(elements)) return elements.map((bytes) => Uint8Array.from(bytes));
  return [new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength).slice()];
}

/** The elements several times, one after another, bit by bit. */
function repeat(tensor: Tensor, times: number): Tensor {
  const elements = Tensor.elementsOf(tensor);
  const shape = [tensor.size * times];
  if (!ArrayBuffer.isView(elements)) {
    return Tensor.own(tensor.dtype, shape, Array.from({ length: times }, () => elements).flat());
  }
  const bytes = new Uint8Array(elements.byteLength * times);
  for (let time = 0; time < times; time++) bytes.set(bytesOf(tensor)[0] ?? [], time * elements.byteLength);
  const TypedArray = elements.constructor as Uint8ArrayConstructor;
  return Tensor.own(tensor.dtype, shape, new TypedArray(bytes.buffer));
}

function reversed(list: unknown): readonly unknown[] {
  return (list as readonly unknown[]).toReversed();
}

describe.each(calls)("$signature", ({ signature, x, y }) => {
  let model: Model;
  beforeAll(() => {
    model = Model.load(dtypes);
  });
  afterAll(() => model.dispose());

  const run = (value: unknown): unknown => model.run(signature, { x: value } as never).y;
  const tensor = toTensor(x);
  const expected = bytesOf(toTensor(y));

  it("round-trips Python's bits as a tensor", () => {
    expect(bytesOf(run(tensor))).toEqual(expected);
  });

  it("round-trips Python's bits as a flat array", () => {
    const flat = signature === "string" ? (tensor as Tensor<"string">).bytes : tensor.data;
    expect(bytesOf(run(flat))).toEqual(expected);
  });

  it("round-trips a result too large for the scratch array", () => {
    const times = Math.ceil(8192 / tensor.size);
    const large = repeat(tensor, times);
    expect(bytesOf(run(large))).toEqual(bytesOf(large));
  });

  it("round-trips plain values as the same numbers", () => {
    if (signature === "string") return expect(bytesOf(run((tensor as Tensor<"string">).bytes))).toEqual(expected);
    // Which NaN it is, a number does not say.
    expect((run(tensor.toArray()) as Tensor).toArray()).toEqual(toTensor(y).toArray());
  });

  it("keeps its bits in sparse tensors", () => {
    const places = Array.from({ length: tensor.size }, (_, index) => [tensor.size - 1 - index]);
    const sparse = SparseTensor.from(tensor.dtype, { indices: places, values: tensor, shape: [tensor.size] } as never);
    // Sorted by place, the values are in reverse order; and the other way round again.
    const again = { indices: places, values: sparse.values, shape: [tensor.size] } as never;
    expect(bytesOf(SparseTensor.from(tensor.dtype, again).values)).toEqual(bytesOf(tensor));
    expect(bytesOf(sparse.toDense())).toEqual(bytesOf(sparse.values));
    if (signature !== "string") expect(sparse.toDense().toArray()).toEqual(reversed(tensor.toArray()));
  });
});

// Rows of a complex dtype cannot be typed arrays, and neither can strings.
it.each(calls.filter(({ signature }) => !/^(complex|string)/.test(signature)))(
  "$signature keeps its bits in typed-array rows",
  ({ x }) => {
    const tensor = toTensor(x);
    const dense = Tensor.from(tensor.dtype, [tensor.data, tensor.data] as never);
    expect(bytesOf(dense)).toEqual(bytesOf(repeat(tensor, 2)));
    const ragged = RaggedTensor.from(tensor.dtype, [tensor.data, [], tensor.data] as never);
    expect(bytesOf(ragged.values)).toEqual(bytesOf(repeat(tensor, 2)));
  },
);

it("tests every dtype", () => {
  const all: Readonly<Record<DType, true>> = {
    bfloat16: true,
    bool: true,
    complex128: true,
    complex64: true,
    float16: true,
    float32: true,
    float64: true,
    int16: true,
    int32: true,
    int64: true,
    int8: true,
    qint16: true,
    qint32: true,
    qint8: true,
    quint16: true,
    quint8: true,
    string: true,
    uint16: true,
    uint32: true,
    uint64: true,
    uint8: true,
  };
  expect(calls.map(({ signature }) => signature).sort()).toEqual(Object.keys(all));
});

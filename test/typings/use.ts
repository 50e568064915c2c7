// Calls that the types of a generated client accept and reject. Compiled by generator/generate.test.ts.
import type { AnyShape, Complex, SavedModelError, Tensor, TensorLike } from "savedmodel";
import { CustomModel } from "./custom-model.js";
import { Dtypes } from "./dtypes.js";
import { Regression, type RegressionOutputs } from "./regression.js";
import { Text } from "./text.js";

using model: CustomModel = CustomModel.load();
CustomModel.load("folder");
CustomModel.load(new URL("file:///folder"), { tags: ["serve"] });
// @ts-expect-error the option is `tags`
CustomModel.load("folder", { tag: ["serve"] });

export const loss: number = model.train([[1, 1]], [[0]]);
export const y: Tensor<"float32", [1, 1]> = model.pred([[1, 1]]);
export const value: number = y.item();
export const rows: readonly [readonly [number]] = y.toArray();
export const data: Float32Array<ArrayBuffer> = y.data;

model.pred(new Float32Array([1, 2]));
model.pred([[1, 2]] as const);
declare const table: number[][];
model.pred(table);
declare const unknownShape: Tensor<"float32", AnyShape>;
model.pred(unknownShape);
// @ts-expect-error three columns where two are expected
model.pred([[1, 2, 3]]);
// @ts-expect-error one dimension too few
model.pred([1, 2]);
// @ts-expect-error a string where a number is expected
model.pred([["1", 2]]);
// @ts-expect-error doubles where floats are expected
model.pred(new Float64Array(2));
// @ts-expect-error a promise where data is expected
model.pred(Promise.resolve([[1, 2]]));
// @ts-expect-error a missing argument
model.train([[1, 1]]);
// @ts-expect-error an argument too many
model.train([[1, 1]], [[0]], 1);
// @ts-expect-error unknown signature
model.trian([[1, 1]], [[0]]);

const regression = Regression.load();
export const outputs: RegressionOutputs = regression.train(table, [[1], [2]], 0.1);
export const mae: number = outputs.mae;
export const plain: number[][] = regression.pred(table).toArray();
// @ts-expect-error two columns in the first row, one in the second
regression.pred([[1, 2], [3]]);
// @ts-expect-error a string where numbers are expected
regression.pred([] as string[][]);
// @ts-expect-error results are read-only
outputs.mae = 1;
// @ts-expect-error the learning rate is a scalar
regression.train(table, table, [0.1]);

const dtypes = Dtypes.load();
export const count: bigint = dtypes.scalarInt64(1);
dtypes.int64([1, 2n]);
dtypes.int64(new BigInt64Array(1));
dtypes.bool([true, false]);
// @ts-expect-error a number is not a boolean
dtypes.bool([1]);
dtypes.uint8(Buffer.from([1]));
dtypes.uint8(new Uint8ClampedArray(1));
export const complex: Complex = dtypes.scalarComplex64({ re: 1, im: -2 });
export const parts: Float32Array<ArrayBuffer> = dtypes.complex64([{ re: 1, im: 2 }, 3]).data;
export const complexes: { readonly re: number; readonly im: number }[] = dtypes
  .complex128(new Float64Array(2))
  .toArray();
dtypes.scalarComplex128(1);
// @ts-expect-error a complex number has two parts
dtypes.complex64([{ re: 1 }]);
// @ts-expect-error they are called re and im
dtypes.complex64([{ real: 1, imag: 2 }]);
// @ts-expect-error a string where a complex number is expected
dtypes.scalarComplex64("1+2i");
// @ts-expect-error the parts of complex128 are doubles
dtypes.complex128(new Float32Array(2));
// @ts-expect-error a result is not a plain number
dtypes.scalarComplex64(1) * 2;
// @ts-expect-error a complex number is not a real one
dtypes.float32([{ re: 1, im: 2 }]);
// @ts-expect-error the parts are read-only
complex.re = 1;
export const quantised: number = dtypes.scalarQint8(-128);
export const levels: Uint16Array<ArrayBuffer> = dtypes.quint16([1]).data;
dtypes.qint8(new Int8Array(1));
// @ts-expect-error a signed array where an unsigned one is expected
dtypes.quint8(new Int8Array(1));
// @ts-expect-error a tensor of int8 is none of qint8
dtypes.qint8(dtypes.int8([1]));
dtypes.unknownRank([[1], [2]]);
dtypes.unknownRank(1);
dtypes.withDefault([1]);
dtypes.withDefault([1], undefined, [2]);

const text = Text.load();
const { joined, lengths } = text.describe(["a"], true, 2);
export const shouted: string = joined;
export const sizes: BigInt64Array<ArrayBuffer> = lengths.data;
text.echo([Uint8Array.of(255)]);

declare const error: SavedModelError;
if (error.code === "INVALID_SHAPE") error.message;
// @ts-expect-error unknown code
if (error.code === "WRONG") error.message;

export const none: TensorLike<"float32", [0]> = [];
// @ts-expect-error up to 16 items are counted
export const counted: TensorLike<"float32", [16]> = [1];
export const uncounted: TensorLike<"float32", [17]> = [1];

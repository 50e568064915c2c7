import type { DType } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import type { AnyNestedLike, FlatLike } from "../types.js";

/** A method of a generated client: `model.train`. */
export type SignatureMethod<Inputs extends readonly unknown[], Result> = (...inputs: Inputs) => Result;

/** The dtype of what an input accepts. */
type DTypeOf<Input> = Input extends Tensor<infer D, infer _S> ? D : never;

/** Whether an input is a scalar: the tensors that it accepts say so. */
type IsScalar<Input> = true extends (
  Input extends Tensor<infer _D, infer S>
    ? S extends readonly []
      ? true
      : false
    : never
)
  ? true
  : false;

/** All rows of an input: a tensor or nested arrays with the rows first, or a flat typed array in row-major order. */
export type Column<D extends DType> = Tensor<D> | FlatLike<D> | readonly AnyNestedLike<D>[];

/** What is the same for each row: a value, or a function of the step (from 1 on) such as a schedule of learning rates. */
export type Constant<Input> = Exclude<Input, undefined> | ((step: number) => Exclude<Input, undefined>);

/** One entry per input, in argument order: a column for an input with rows, a constant for a scalar. */
export type Columns<Inputs extends readonly unknown[]> = {
  readonly [Position in keyof Inputs]:
    | (IsScalar<Inputs[Position]> extends true
        ? Constant<Inputs[Position]>
        : Column<DTypeOf<Inputs[Position]>> | ((step: number) => Exclude<Inputs[Position], undefined>))
    | (undefined extends Inputs[Position] ? undefined : never);
};

/** Batches, each with the arguments of one call. */
export type Batches<Inputs extends readonly unknown[]> = Iterable<Inputs> | AsyncIterable<Inputs>;

/** What a signature is trained with: columns, or batches; for several epochs of batches a function that begins anew. */
export type TrainingData<Inputs extends readonly unknown[]> =
  | Columns<Inputs>
  | Batches<Inputs>
  | (() => Batches<Inputs>);

/** The names of the metrics that a signature gives: the properties of its numbers, or any name for a single one. */
export type MetricName<Result> = Result extends number | bigint
  ? string
  : Result extends Tensor
    ? never
    : { [Name in keyof Result & string]: Result[Name] extends number | bigint ? Name : never }[keyof Result & string];

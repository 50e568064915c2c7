import type { TABLE, Table } from "../../data/table.js";
import type { DType } from "../../tensor/dtype.js";
import type { RaggedTensor } from "../../tensor/ragged-tensor.js";
import type { SparseTensor } from "../../tensor/sparse-tensor.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { AnyNestedLike, FlatLike, ScalarLike, Shape, SparseParts } from "../../tensor/types.js";

/** A method of a generated client: `model.train`, or `model.async.train`, which returns a promise. */
export type SignatureMethod<Inputs extends readonly unknown[], Result> = (...inputs: Inputs) => Result;

/** The inputs among the parameters of a method: without the options, which its result may have it take after them. */
type InputsOf<Parameters extends readonly unknown[]> = Parameters extends readonly []
  ? Parameters
  : Parameters extends readonly [...infer Inputs, AnyOptions?]
    ? Inputs
    : Parameters;

/** The options of any method. */
type AnyOptions = { readonly into?: unknown } | undefined;

/** True if an input is a scalar, by the tensors that it accepts. */
type IsScalar<Input> = true extends (
  Input extends Tensor<infer _D, infer S>
    ? S extends readonly []
      ? true
      : false
    : never
)
  ? true
  : false;

/** The objects that an input accepts for `tf.Example`s: items of its arrays that are neither elements nor rows. */
type ExampleOf<Input> = Input extends readonly (infer Item)[]
  ? Exclude<Item, ScalarLike<DType> | ArrayBufferView | readonly unknown[]>
  : never;

/** Rows of an input: a tensor or nested arrays with the rows first, or a flat typed array in row-major order. */
export type Column<D extends DType> = Tensor<D> | FlatLike<D> | readonly AnyNestedLike<D>[];

/** Rows of a ragged input, which may differ in length. */
type RaggedColumn<D extends DType> = RaggedTensor<D> | Tensor<D> | readonly AnyNestedLike<D>[];

/** Rows of a sparse input: the first dimension of its shape. */
type SparseColumn<D extends DType> = SparseTensor<D> | SparseParts<D, Shape>;

/** Rows of an input of `tf.Example`s: objects, or their serialized form. */
type ExampleColumn<Example> = Tensor<"string"> | readonly (Example | ScalarLike<"string">)[];

/** Rows of an input, by the type that it accepts. */
type ColumnOf<Input> = [ExampleOf<Input>] extends [never]
  ? [CompositeOf<Input>] extends [never]
    ? DenseColumn<Input>
    : CompositeOf<Input>
  : ExampleColumn<ExampleOf<Input>>;

type CompositeOf<Input> =
  Input extends RaggedTensor<infer D, infer _S>
    ? RaggedColumn<D>
    : Input extends SparseTensor<infer D, infer _S>
      ? SparseColumn<D>
      : never;

type DenseColumn<Input> = Input extends Tensor<infer D, infer _S> ? Column<D> : never;

/**
 * Value that is the same for each row, or a function of the step (starting at 1) such as a schedule of learning rates.
 */
export type Constant<Input> = Exclude<Input, undefined> | ((step: number) => Exclude<Input, undefined>);

/** One entry per input, in argument order: a column for an input with rows, a constant for a scalar. */
export type Columns<Inputs extends readonly unknown[]> = {
  readonly [Position in keyof Inputs]:
    | (IsScalar<Inputs[Position]> extends true
        ? Constant<Inputs[Position]>
        : ColumnOf<Inputs[Position]> | ((step: number) => Exclude<Inputs[Position], undefined>))
    | (undefined extends Inputs[Position] ? undefined : never);
};

/** The type of an object of inputs, of a method that takes one; `never` for other methods. */
type NamedOf<Method> = Method extends {
  (inputs: infer Named): unknown;
  (...inputs: infer _Inputs): unknown;
}
  ? IsValue<Named> extends true
    ? never
    : [Named] extends [AnyOptions]
      ? never
      : Named
  : never;

/** True for the type of an input, which accepts some kind of tensor. */
type IsValue<Input> = true extends (Input extends Tensor | RaggedTensor | SparseTensor ? true : false) ? true : false;

/** Columns by the names of the inputs. */
type NamedColumns<Named> = [Named] extends [never]
  ? never
  : { readonly [Name in keyof Named]: Columns<readonly [Named[Name]]>[0] };

/** A {@link Table} with a column for each of these inputs. */
export interface TableWithColumns<Named> {
  /** Property of all tables, whatever their columns: those are compared with the inputs at run time. */
  readonly [TABLE]: true | Named;
}

/** A table, for a method that takes its inputs by name and needs no scalar. */
type TableOf<Named> = [Named] extends [never]
  ? never
  : true extends {
        readonly [Name in keyof Named]-?: undefined extends Named[Name] ? false : IsScalar<Named[Name]>;
      }[keyof Named]
    ? never
    : TableWithColumns<Named>;

/** Batches, each with the arguments of one call. Not an array, which means columns. */
export type Batches<Arguments> =
  | (Iterable<Arguments> & { readonly length?: never })
  | (AsyncIterable<Arguments> & { readonly length?: never });

/** Type that the compiler names where an array has too few columns, or too many: it has no values. */
export interface ColumnForEachInput<Inputs extends readonly unknown[]> {
  readonly length: number;
  /** Inputs, each of which needs one column. */
  readonly "an array with one column for each of these inputs": Inputs;
}

/**
 * Data to train a signature with: an array of columns, or batches; for several epochs of batches a function of the
 * epoch (starting at 1) that returns new ones. `() => batches` makes batches of an array of them. A method that takes
 * one object of inputs is also trained with an object of columns, with a {@link Table} that has a column for each of
 * them, and with batches of such objects.
 */
export type TrainingData<Inputs extends readonly unknown[], Method = unknown> =
  | Columns<InputsOf<Inputs>>
  | ColumnForEachInput<InputsOf<Inputs>>
  | NamedColumns<NamedOf<Method>>
  | TableOf<NamedOf<Method>>
  | Batches<Inputs | NamedOf<Method>>
  | ((epoch: number) => Iterable<Inputs | NamedOf<Method>> | AsyncIterable<Inputs | NamedOf<Method>>);

/**
 * Names of the metrics that a signature returns, or its promise: the properties of its numbers, or any name for a single
 * one.
 */
export type MetricName<Result> =
  Result extends PromiseLike<infer Later>
    ? MetricName<Later>
    : Result extends number | bigint
      ? string
      : Result extends Tensor
        ? never
        : { [Name in keyof Result & string]: Result[Name] extends number | bigint ? Name : never }[keyof Result &
            string];

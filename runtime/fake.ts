import type { DType } from "./dtype.js";
import type { Model } from "./model.js";
import type { RaggedTensor } from "./ragged-tensor.js";
import type { SparseTensor } from "./sparse-tensor.js";
import type { Tensor } from "./tensor.js";
import type { AnyTensor, RaggedLike, Scalar, SparseLike, TensorLike } from "./types.js";

/** The dtype of an input that is a scalar: the tensors that it accepts say so. */
type ScalarDType<Input> = Input extends Tensor<infer D, infer S> ? (S extends readonly [] ? D : never) : never;

/** What a model gets of an input: a plain value for a scalar, else a tensor. */
type FakeInput<Input> = [ScalarDType<Input>] extends [never]
  ? Extract<Input, AnyTensor | undefined>
  : Scalar<ScalarDType<Input>> | Extract<Input, undefined>;

/** What one output may be made of. */
type FakeOutput<Output> =
  Output extends Tensor<infer D, infer S>
    ? TensorLike<D, S>
    : Output extends RaggedTensor<infer D, infer S>
      ? RaggedLike<D, S>
      : Output extends SparseTensor<infer D, infer S>
        ? SparseLike<D, S>
        : Output extends bigint
          ? bigint | number
          : Output;

/** What a result may be made of: the only output, or an object with a property for each. */
type FakeResult<Result> = Result extends AnyTensor | Scalar<DType>
  ? FakeOutput<Result>
  : { readonly [Name in keyof Result]: FakeOutput<Result[Name]> };

/** A function in place of a method: it gets what the model would get, and returns what the method's result is made of. */
type Fake<Method> = Method extends (...inputs: infer Inputs) => infer Result
  ? (...inputs: { [Position in keyof Inputs]: FakeInput<Inputs[Position]> }) => FakeResult<Result>
  : never;

/**
 * Functions in place of the methods of a generated client, by the names of the methods; those that a test does not call
 * may be left out.
 *
 * An input comes as a plain value where it is a scalar and as a tensor otherwise, checked. A result is returned as the
 * method returns it, or as what an input of its dtype and shape accepts: nested arrays, a flat typed array, a plain value.
 *
 * @example
 * ```ts
 * const fakes: Fakes<CustomModel> = { pred: (inputs) => [[inputs.data.length]], train: () => 0.5 };
 * ```
 */
export type Fakes<Client extends Model> = {
  readonly [Method in keyof Client as Exclude<Method, keyof Model | "async">]?: Fake<Client[Method]>;
};

/** In place of a folder: the functions of a fake client. */
export interface FakeSource {
  readonly fake: object;
}

import { SavedModelError } from "../base/errors.js";
import type { Engine, Form, Results, RunLimits, Targets } from "../engine.js";
import type { ComponentInfo, TensorInfo } from "../saved-model/signature-info.js";
import { stageTensor } from "../tensor/check-tensor.js";
import { inputError, missingInputs, readError, specOf } from "../tensor/check-value.js";
import { type DType, dtypeInfo } from "../tensor/dtype.js";
import { RaggedTensor, rowSplitsProblem } from "../tensor/ragged-tensor.js";
import { flattenRagged, splitDense } from "../tensor/ragged-value.js";
import { SparseTensor } from "../tensor/sparse-tensor.js";
import { stageSparse } from "../tensor/sparse-value.js";
import { Tensor } from "../tensor/tensor.js";
import type { Call, Staged } from "./call.js";
import { type CallInput, SignatureCall, tooManyInputs } from "./signature-call.js";

/** An input or output that is made of several dense tensors. */
interface Composite extends TensorInfo {
  readonly dtype: DType;
  readonly encoding: "sparse" | "ragged";
  readonly components: readonly ComponentInfo[];
}

/** Returns true if a value of this description is made of several dense tensors. */
export function isComposite(tensor: TensorInfo): tensor is Composite {
  return tensor.components !== undefined;
}

/**
 * A signature with ragged or sparse inputs or outputs: a {@link SignatureCall} of their dense components. Inputs are
 * split before it, and outputs are joined after it.
 */
export class CompositeCall implements Call {
  readonly #call: SignatureCall;
  readonly #inputs: readonly CallInput[];
  readonly #outputs: readonly TensorInfo[];

  /** @throws SavedModelError the codes of the constructor of {@link SignatureCall} */
  constructor(
    engine: Engine,
    key: string,
    inputs: readonly CallInput[],
    outputs: readonly TensorInfo[],
    isReadOnly = false,
  ) {
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#call = new SignatureCall(
      engine,
      key,
      inputs.flatMap(componentsOf),
      outputs.flatMap(componentsOf),
      isReadOnly,
    );
  }

  get name(): string {
    return this.#call.name;
  }

  get writes(): boolean {
    return this.#call.writes;
  }

  stage(values: readonly unknown[], mayReuse: boolean): Staged {
    return this.#call.stage(this.#split(values), mayReuse);
  }

  run<F extends Form>(staged: Staged, form: F, into?: Targets): Results<F> {
    return this.#join(this.#call.run(staged, form, this.#withComponents(into))) as Results<F>;
  }

  async start<F extends Form>(
    staged: Staged,
    form: F,
    isWanted: () => boolean,
    into?: Targets,
    limits?: RunLimits,
  ): Promise<Results<F>> {
    const results = await this.#call.start(staged, form, isWanted, this.#withComponents(into), limits);
    return (isWanted() ? this.#join(results) : results) as Results<F>;
  }

  warmUp(): void {
    this.#call.warmUp();
  }

  /** Returns one value for each component. */
  #split(values: readonly unknown[]): readonly unknown[] {
    if (values.length > this.#inputs.length) throw tooManyInputs(this.name, this.#inputs, values);
    return this.#inputs.flatMap((input, index): readonly unknown[] => {
      const value = values[index];
      if (value === undefined && input.optional !== true) throw this.#missing(values);
      if (!isComposite(input)) return [value];
      if (value === undefined) return input.components.map(() => undefined);
      return splitComposite(value, input, this.name);
    });
  }

  #missing(values: readonly unknown[]): SavedModelError {
    const missing = this.#inputs.filter((input, place) => values[place] === undefined && input.optional !== true);
    return missingInputs(missing.flatMap(specOf), this.name);
  }

  /** Returns one target for each component; only dense results have any. */
  #withComponents(into: Targets | undefined): Targets | undefined {
    return (
      into &&
      this.#outputs.flatMap((output, index) =>
        isComposite(output) ? output.components.map(() => undefined) : [into[index]],
      )
    );
  }

  #join(results: readonly unknown[]): readonly unknown[] {
    let next = 0;
    return this.#outputs.map((output) => {
      if (!isComposite(output)) return results[next++];
      // Composites consist of tensors.
      const parts = results.slice(next, next + output.components.length) as readonly Tensor[];
      next += parts.length;
      return joinComposite(output, parts);
    });
  }
}

/** Returns the dense tensors that are fed or fetched for an input or output. */
function componentsOf(tensor: CallInput): readonly CallInput[] {
  if (!isComposite(tensor)) return [tensor];
  const optional = tensor.optional === true ? { optional: true as const } : {};
  return tensor.components.map(({ key = tensor.key, dtype, shape, tensor: name }) => ({
    key,
    ...(tensor.argument === undefined ? {} : { argument: tensor.argument }),
    dtype,
    shape,
    isComponent: true,
    ...(name === undefined ? {} : { tensor: name }),
    ...optional,
  }));
}

/**
 * Checks a ragged or sparse value, and splits it into its components.
 *
 * @param role its description, for messages
 */
export function splitComposite(value: unknown, tensor: Composite, call: string, role = "input"): readonly Tensor[] {
  const { key, argument, dtype, shape } = tensor;
  try {
    return tensor.encoding === "ragged"
      ? splitRagged(value, tensor, call, role)
      : splitSparse(value, tensor, call, role);
  } catch (cause) {
    // JavaScript can put anything in place of the properties of a ragged tensor.
    throw readError(cause, { key, argument, dtype: dtypeInfo(dtype), shape, role }, call);
  }
}

/** Returns the value that consists of these dense tensors. */
export function joinComposite({ encoding }: Composite, parts: readonly Tensor[]): RaggedTensor | SparseTensor {
  return encoding === "ragged" ? joinRagged(parts) : joinSparse(parts);
}

function splitRagged(
  value: unknown,
  { key, argument, dtype, shape, components }: Composite,
  call: string,
  role: string,
): readonly Tensor[] {
  const raggedRank = components.length - 1;
  const spec = { key, argument, dtype: dtypeInfo(dtype), shape, form: "ragged", raggedRank, role } as const;
  if (value === undefined) throw missingInputs([spec], call);
  if (value instanceof RaggedTensor) {
    if (value.dtype !== dtype) throw inputError("INVALID_DTYPE", spec, call, `a ragged tensor of ${value}`);
    if (value.rowSplits.length !== spec.raggedRank) {
      throw inputError("INVALID_RANK", spec, call, `${value} with ${value.rowSplits.length} ragged dimensions`);
    }
    const problem = rowSplitsProblem(value.values, value.rowSplits);
    if (problem !== undefined) throw inputError("INVALID_SHAPE", spec, call, `${value}: its ${problem}`);
    const isOther = shape?.some((size, axis) => size !== null && (value.shape[axis] ?? size) !== size);
    if (isOther === true || (shape !== null && shape.length !== value.shape.length)) {
      throw inputError("INVALID_SHAPE", spec, call, `${value}`);
    }
    return [value.values, ...value.rowSplits.map((splits, index) => splitsTensor(splits, components[index + 1]))];
  }
  const { values, rowSplits } = Tensor.is(value)
    ? splitDense(stageTensor(value, spec, call), spec, call)
    : flattenRagged(value, spec, call);
  const flat = Tensor.own(dtype, values.shape, values.elements);
  return [flat, ...rowSplits.map((splits, index) => splitsTensor(splits, components[index + 1]))];
}

function splitsTensor(splits: readonly number[], component: ComponentInfo | undefined): Tensor {
  return component?.dtype === "int32"
    ? Tensor.own("int32", [splits.length], Int32Array.from(splits))
    : Tensor.own("int64", [splits.length], BigInt64Array.from(splits, BigInt));
}

function splitSparse(
  value: unknown,
  { key, argument, dtype, shape }: Composite,
  call: string,
  role: string,
): readonly Tensor[] {
  const spec = { key, argument, dtype: dtypeInfo(dtype), shape, form: "sparse", role } as const;
  const staged = stageSparse(value, spec, call);
  const denseShape = Tensor.own("int64", [staged.shape.length], BigInt64Array.from(staged.shape, BigInt));
  return [staged.indices, staged.values, denseShape];
}

function joinRagged([values, ...splitTensors]: readonly Tensor[]): RaggedTensor {
  if (values === undefined) throw new SavedModelError("INVALID_RESULT", "a ragged output has no values");
  const rowSplits = splitTensors.map((splits) => Array.from(splits.data as ArrayLike<number | bigint>, Number));
  const problem = rowSplitsProblem(values, rowSplits);
  if (problem !== undefined)
    throw new SavedModelError("INVALID_RESULT", `a ragged output contradicts itself: ${problem}`);
  return RaggedTensor.own(values, rowSplits);
}

function joinSparse([indices, values, shape]: readonly Tensor[]): SparseTensor {
  if (indices === undefined || values === undefined || shape === undefined) {
    throw new SavedModelError("INVALID_RESULT", "a sparse output lacks a part");
  }
  return SparseTensor.own(indices, values, Array.from(shape.data as ArrayLike<bigint>, Number));
}

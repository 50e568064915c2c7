import { SavedModelError } from "../base/errors.js";
import { itemAt } from "../base/item-at.js";
import { listSome, printable, quote } from "../base/text.js";
import type { DenseValue, Engine, Execution, Form, Results, RunLimits, Targets } from "../engine.js";
import type { FeatureSpec } from "../saved-model/model-spec.js";
import type { TensorInfo } from "../saved-model/signature-info.js";
import { stageTensor } from "../tensor/check-tensor.js";
import { type InputSpec, missingInputs, nameInput, stage } from "../tensor/check-value.js";
import { DETACHED_FIX, isDetached } from "../tensor/detached.js";
import { type DTypeInfo, dtypeInfo, isDType } from "../tensor/dtype.js";
import type { Scratch } from "../tensor/flatten.js";
import { formatShape } from "../tensor/shape.js";
import { BlockMemory, PackedStrings } from "../tensor/string-block.js";
import { copyElements, Tensor } from "../tensor/tensor.js";
import type { Call, Staged } from "./call.js";
import { ExampleEncoder } from "./example-input.js";
import { explainRows } from "./explain-rows.js";
import { writeTargets } from "./result-targets.js";
import { keepScratch } from "./reusable-array.js";

/** An input of a call; its features are those of a generated client. */
export interface CallInput extends TensorInfo {
  /** Set for the tensors of a ragged or sparse input, whose leading dimensions count different things. */
  readonly isComponent?: true;
  readonly features?: readonly FeatureSpec[] | undefined;
}

interface PreparedInput extends InputSpec {
  readonly optional: boolean;
  /** True if the signature leaves the number of rows open. */
  readonly hasRows: boolean;
  readonly scratch: Scratch | undefined;
  /** Encodes objects, where the strings are serialized examples. */
  readonly example: ExampleEncoder | undefined;
}

/** A signature of dense tensors: checks values, and runs it on the engine. */
export class SignatureCall implements Call {
  readonly name: string;
  readonly inputs: readonly PreparedInput[];
  readonly outputs: readonly TensorInfo[];
  readonly #execution: Execution;
  readonly #isReadOnly: boolean;
  readonly #engine: Engine;
  #isStaging = false;

  /**
   * @param key the signature's raw key
   * @param inputs in argument order
   * @param outputs in result order
   * @param isReadOnly true to treat it as read-only, whatever the engine says
   * @throws SavedModelError `MODEL_CORRUPT` or `SIGNATURE_UNSUPPORTED`
   */
  constructor(
    engine: Engine,
    key: string,
    inputs: readonly CallInput[],
    outputs: readonly TensorInfo[],
    isReadOnly = false,
  ) {
    this.name = `${printable(key)}()`;
    this.#engine = engine;
    this.#isReadOnly = isReadOnly;
    this.inputs = inputs.map((input) => prepareInput(input, this.name, engine.packsStrings === true));
    this.outputs = outputs;
    this.#execution = engine.prepare({ key, name: this.name, inputs, outputs });
  }

  get writes(): boolean {
    return !this.#isReadOnly && this.#execution.writes;
  }

  stage(values: readonly unknown[], mayReuse: boolean): Staged {
    if (values.length > this.inputs.length) throw tooManyInputs(this.name, this.inputs, values);
    const isNested = this.#isStaging;
    this.#isStaging = true;
    // A call that is made while another one reads its values must not overwrite them.
    const mayOverwrite = mayReuse && !isNested;
    const staged: (DenseValue | undefined)[] = [];
    try {
      for (let index = 0; index < this.inputs.length; index++) {
        staged.push(this.#stageInput(itemAt(this.inputs, index), values, index, mayOverwrite));
      }
      return staged;
    } finally {
      this.#isStaging = isNested;
    }
  }

  #stageInput(
    input: PreparedInput,
    values: readonly unknown[],
    index: number,
    mayOverwrite: boolean,
  ): DenseValue | undefined {
    const value = values[index];
    if (value === undefined) {
      if (input.optional) return undefined;
      const isMissing = (other: PreparedInput, place: number): boolean =>
        values[place] === undefined && !other.optional;
      throw missingInputs(this.inputs.filter(isMissing), this.name);
    }
    if (Tensor.is(value)) return stageTensor(value, input, this.name);
    const data = input.example === undefined ? value : input.example.encode(value, this.name);
    return stage(data, input, this.name, mayOverwrite ? input.scratch : ownScratch(input));
  }

  run<F extends Form>(staged: Staged, form: F, into?: Targets): Results<F> {
    const execution = this.#execution;
    if (execution.run !== undefined) {
      try {
        const results = execution.run(staged, form, into);
        return into === undefined ? results : writeTargets(results, into, this);
      } catch (error) {
        throw explainRows(error, this.inputs, staged);
      }
    }
    const { source } = this.#engine;
    throw new SavedModelError("UNSUPPORTED_BY_ENGINE", `${this.name}: ${printable(source)} runs asynchronously only`, {
      fix: "Call this method through `async`.",
    });
  }

  async start<F extends Form>(
    staged: Staged,
    form: F,
    isWanted: () => boolean,
    into?: Targets,
    limits?: RunLimits,
  ): Promise<Results<F>> {
    try {
      const mayRepeat = this.#isReadOnly;
      const { signal, deadline } = limits ?? {};
      const own = { signal, deadline, mayRepeat };
      const results = await this.#execution.start(staged, form, isWanted, into, own);
      return into === undefined || !isWanted() ? results : writeTargets(results, into, this);
    } catch (error) {
      throw explainRows(error, this.inputs, staged);
    }
  }

  warmUp(): void {
    this.#execution.warmUp?.(!this.writes);
  }
}

function prepareInput(input: CallInput, call: string, packsStrings: boolean): PreparedInput {
  const dtype = carriedDType(input, call);
  return {
    key: input.key,
    argument: input.argument,
    dtype,
    shape: input.shape,
    optional: input.optional === true,
    hasRows: input.shape?.[0] === null && input.isComponent !== true,
    scratch: dtype.name === "string" ? (packsStrings ? new BlockMemory() : undefined) : keepScratch(dtype.name),
    example: input.features && new ExampleEncoder(input, input.features, input.exampleRank),
  };
}

/** Returns memory for the values of one call. */
function ownScratch({ scratch }: PreparedInput): Scratch | undefined {
  return scratch instanceof BlockMemory ? new BlockMemory() : undefined;
}

/** Returns the error for more values than a call has inputs. */
export function tooManyInputs(
  call: string,
  inputs: readonly { readonly key: string; readonly argument?: string | undefined }[],
  values: readonly unknown[],
): SavedModelError {
  const keys = listSome(inputs.map(nameInput), String);
  const takes = inputs.length === 0 ? "no inputs" : `${inputs.length} (${keys})`;
  return new SavedModelError("TOO_MANY_INPUTS", `${call} takes ${takes}, got ${values.length}`);
}

/** Returns the staged values in memory that is not shared. */
export function ownStaged(staged: Staged, call: string): Staged {
  return staged.map((value) => {
    // Text was encoded into memory of this call.
    if (value === undefined || value instanceof PackedStrings) return value;
    const { shape, elements } = value;
    // Reading a later input may have run code that transferred this one.
    if (ArrayBuffer.isView(elements) ? isDetached(elements) : elements.some(isDetached)) {
      throw new SavedModelError("INVALID_SIZE", `${call}: an input is a detached array`, {
        fix: DETACHED_FIX,
      });
    }
    try {
      return { shape, elements: copyElements(elements) };
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const what = `out of memory copying an input of shape ${formatShape(shape)}`;
      throw new SavedModelError("TF_RESOURCE_EXHAUSTED", `${call}: ${what}`, { cause });
    }
  });
}

/** @throws SavedModelError `SIGNATURE_UNSUPPORTED` for a dtype that this package does not support */
export function carriedDType({ key, dtype }: TensorInfo, call: string): DTypeInfo {
  if (isDType(dtype)) return dtypeInfo(dtype);
  throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${call}: ${quote(key)} is of dtype ${dtype}`);
}

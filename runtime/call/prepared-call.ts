import type { TensorDescription } from "../description.js";
import { type AnyTypedArray, allocate, type DTypeInfo, dtypeInfo, isDType } from "../dtype.js";
import { SavedModelError } from "../errors.js";
import type { Pointer } from "../native/ffi.js";
import { TensorFlowError, withStatus } from "../native/status.js";
import type { Session } from "../session.js";
import { Tensor } from "../tensor.js";
import { printable, quote } from "../text.js";
import { Endpoints } from "./endpoints.js";
import { Feed } from "./feed.js";
import type { Flattened } from "./nested.js";
import { type OutputSpec, readResult } from "./result.js";
import { checkTensor, type InputSpec, stage } from "./stage.js";

interface PreparedInput extends InputSpec {
  readonly optional: boolean;
  /** Which of the feeds it goes to: several keys may mean one tensor. */
  readonly endpoint: number;
  readonly scratch: AnyTypedArray | undefined;
}

interface PreparedOutput extends OutputSpec {
  /** Which of the fetches, or which of the feeds when the model hands an input through. */
  readonly endpoint: number;
  readonly passedThrough: boolean;
}

/**
 * A signature made ready to be called: operations are looked up, feed and fetch arrays are allocated, and the order of
 * feeds is fixed. A call then only writes its inputs, runs and reads its outputs.
 */
export class PreparedCall {
  readonly name: string;
  /** The raw keys of the outputs, in result order. */
  readonly outputs: readonly string[];
  readonly #session: Session;
  readonly #inputs: readonly PreparedInput[];
  readonly #outputs: readonly PreparedOutput[];
  readonly #feeds: readonly Feed[];
  readonly #feedEndpoints: Endpoints;
  readonly #fetchEndpoints: Endpoints;
  /** TF_Output[] and TF_Tensor*[] of one call; an input that is left out leaves no gap. */
  readonly #fedOutputs: BigUint64Array;
  readonly #fedTensors: BigUint64Array;
  readonly #fetched: BigUint64Array;

  /**
   * @param key the signature's raw key, for messages
   * @param inputs in argument order, with their tensors
   * @param outputs in result order, with their tensors
   * @throws SavedModelError `SIGNATURE_MISMATCH` when the graph has no such tensor, or one of another dtype
   */
  constructor(
    session: Session,
    key: string,
    inputs: readonly TensorDescription[],
    outputs: readonly TensorDescription[],
  ) {
    this.name = `${printable(key)}()`;
    this.outputs = outputs.map((output) => output.key);
    this.#session = session;
    const feeds = new Endpoints(session, this.name);
    const fetches = new Endpoints(session, this.name);
    this.#inputs = inputs.map((input) => {
      const dtype = carriedDType(input, this.name);
      const spec = { key: input.key, dtype, shape: input.shape, scratch: scratchFor(input, dtype) };
      return { ...spec, optional: input.optional === true, endpoint: feeds.add(input, dtype) };
    });
    this.#outputs = outputs.map((output) => {
      const dtype = carriedDType(output, this.name);
      const fed = feeds.find(output);
      const endpoint = fed ?? fetches.add(output, dtype);
      return { key: output.key, scalar: output.shape?.length === 0, endpoint, passedThrough: fed !== undefined };
    });
    this.#feeds = feeds.dtypes.map((dtype) => new Feed(session.api, dtype));
    for (const feed of this.#feeds) session.own(feed);
    this.#feedEndpoints = feeds;
    this.#fetchEndpoints = fetches;
    this.#fedOutputs = feeds.toNative();
    this.#fedTensors = new BigUint64Array(Math.max(1, feeds.count));
    this.#fetched = new BigUint64Array(Math.max(1, fetches.count));
  }

  /**
   * Runs the signature once, on the calling thread.
   *
   * @param values one per input, in argument order; undefined leaves an optional input out
   * @returns one result per output, in result order
   */
  run(values: readonly unknown[]): readonly unknown[] {
    if (this.#session.disposed) throw new SavedModelError("DISPOSED", `${this.name}: the model was disposed`);
    if (values.length > this.#inputs.length) this.#refuseExtra(values);
    const staged = this.#inputs.map((input, index) => this.#stage(input, values[index]));
    const tensors = this.#write(staged);
    return this.#readResults(this.#execute(tensors), tensors);
  }

  #refuseExtra(values: readonly unknown[]): never {
    const keys = this.#inputs.map(({ key }) => quote(key)).join(", ");
    const takes = this.#inputs.length === 0 ? "no inputs" : `${this.#inputs.length} (${keys})`;
    throw new SavedModelError("TOO_MANY_INPUTS", `${this.name} takes ${takes}, got ${values.length}`);
  }

  #stage(input: PreparedInput, value: unknown): Flattened | undefined {
    if (value === undefined && input.optional) return undefined;
    if (!(value instanceof Tensor)) return stage(value, input, this.name, input.scratch);
    checkTensor(value.dtype, value.shape, input, this.name);
    return { shape: value.shape, elements: Tensor.elementsOf(value) };
  }

  /** Writes the staged inputs to native memory: a tensor per endpoint, or null where none is fed. */
  #write(staged: readonly (Flattened | undefined)[]): readonly (Pointer | null)[] {
    const tensors: (Pointer | null)[] = this.#feeds.map(() => null);
    const writers: number[] = [];
    staged.forEach((value, index) => {
      const input = this.#inputs[index];
      const feed = this.#feeds[input?.endpoint ?? -1];
      if (value === undefined || input === undefined || feed === undefined) return;
      const first = writers[input.endpoint];
      if (first === undefined) {
        writers[input.endpoint] = index;
        tensors[input.endpoint] = feed.write(value);
      } else if (!sameValue(value, staged[first])) {
        throw new SavedModelError(
          "CONFLICTING_INPUTS",
          `${this.name}: inputs ${quote(this.#inputs[first]?.key ?? "")} and ${quote(input.key)} are one tensor of the model, but got different values`,
        );
      }
    });
    return tensors;
  }

  #execute(tensors: readonly (Pointer | null)[]): BigUint64Array {
    const { api, handle, runOptions } = this.#session;
    let count = 0;
    for (let endpoint = 0; endpoint < tensors.length; endpoint++) {
      const tensor = tensors[endpoint];
      if (tensor === null || tensor === undefined) continue;
      this.#fedTensors[count] = tensor;
      this.#feedEndpoints.write(this.#fedOutputs, count++, endpoint);
    }
    if (this.#fetchEndpoints.count === 0) return this.#fetched;
    try {
      withStatus(api, (status) =>
        api.TF_SessionRun(
          handle,
          runOptions,
          this.#fedOutputs,
          this.#fedTensors,
          count,
          this.#fetchEndpoints.native,
          this.#fetched,
          this.#fetchEndpoints.count,
          null,
          0,
          null,
          status,
        ),
      );
    } catch (cause) {
      throw runError(this.name, cause);
    }
    return this.#fetched;
  }

  #readResults(fetched: BigUint64Array, fed: readonly (Pointer | null)[]): readonly unknown[] {
    const { api } = this.#session;
    try {
      return this.#outputs.map((output) => {
        const tensor = (output.passedThrough ? fed : fetched)[output.endpoint];
        if (tensor === null || tensor === undefined || tensor === 0n) {
          throw new SavedModelError(
            "MISSING_INPUT",
            `${this.name}: output ${quote(output.key)} is an input that was left out`,
          );
        }
        return readResult(api, tensor, output, this.name);
      });
    } finally {
      for (let index = 0; index < this.#fetchEndpoints.count; index++) api.TF_DeleteTensor(fetched[index] ?? 0n);
    }
  }
}

function carriedDType({ key, dtype }: TensorDescription, call: string): DTypeInfo {
  if (isDType(dtype)) return dtypeInfo(dtype);
  throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${call}: ${quote(key)} is of dtype ${dtype}`);
}

/** An array to flatten nested arrays into, where the signature fixes the shape. */
function scratchFor({ shape }: TensorDescription, dtype: DTypeInfo): AnyTypedArray | undefined {
  if (dtype.name === "string" || shape === null) return undefined;
  const count = shape.reduce<number>((product, size) => product * (size ?? Number.NaN), 1);
  return count <= 2 ** 20 ? allocate(dtype.name, count) : undefined;
}

function sameValue(a: Flattened, b: Flattened | undefined): boolean {
  if (b === undefined || a.shape.join() !== b.shape.join()) return false;
  const bytesOf = ({ elements }: Flattened): Uint8Array[] =>
    ArrayBuffer.isView(elements)
      ? [new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)]
      : [...elements];
  const left = bytesOf(a);
  const right = bytesOf(b);
  return left.every((bytes, index) => Buffer.compare(bytes, right[index] ?? new Uint8Array()) === 0);
}

function runError(call: string, cause: unknown): unknown {
  if (!(cause instanceof TensorFlowError)) return cause;
  const message = printable(cause.message.split("\n", 1)[0] ?? "", 500);
  return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${message}`, { cause });
}

import type { TensorDescription } from "../description.js";
import type { FeatureDescriptor } from "../descriptor.js";
import { type DTypeInfo, dtypeInfo, isDType } from "../dtype.js";
import { SavedModelError } from "../errors.js";
import type { Pointer } from "../native/ffi.js";
import { withStatus } from "../native/status.js";
import type { Session } from "../session.js";
import { Tensor } from "../tensor.js";
import { printable, quote } from "../text.js";
import type { AnyTensor } from "../types.js";
import { Endpoints } from "./endpoints.js";
import { ExampleEncoder } from "./example.js";
import { Feed } from "./feed.js";
import type { Flattened, Scratch } from "./nested.js";
import { type OutputSpec, readResult, readTensor } from "./result.js";
import { runError } from "./run-error.js";
import { keepScratch } from "./scratch.js";
import { type InputSpec, stage } from "./stage.js";
import { stageTensor } from "./stage-tensor.js";

interface PreparedInput extends InputSpec {
  readonly optional: boolean;
  /** Which of the feeds it goes to: several keys may mean one tensor. */
  readonly feed: number;
  readonly scratch: Scratch | undefined;
  /** Encodes objects, where the strings are serialised examples. */
  readonly example: ExampleEncoder | undefined;
}

/** A signature that can be run. */
export interface Call {
  /** For messages: `train()`. */
  readonly name: string;
  /**
   * Runs the signature once, on the calling thread.
   *
   * @param values one per input, in argument order; undefined leaves an optional input out
   * @returns one result per output, in result order: a plain value where the signature says rank 0, else a tensor
   */
  run(values: readonly unknown[]): readonly unknown[];
  /** Like {@link Call.run}, with tensors for scalars too. */
  runForTensors(values: readonly unknown[]): readonly AnyTensor[];
}

/** An input of a call; its features are those of a generated client. */
export interface CallInput extends TensorDescription {
  readonly features?: readonly FeatureDescriptor[] | undefined;
}

interface PreparedOutput extends OutputSpec {
  /** Which of the fetches it is; none for an input that is handed through and always fed. */
  readonly fetch: number | undefined;
  /** Which of the feeds, for an input that is handed through: what is fed cannot be fetched. */
  readonly feed: number | undefined;
}

/** One native tensor per feed, null where nothing is fed. */
type Fed = readonly (Pointer | null)[];

/**
 * A signature made ready to be called: operations are looked up, feed and fetch arrays are allocated, and the order of
 * feeds is fixed. A call then only writes its inputs, runs and reads its outputs.
 */
export class PreparedCall implements Call {
  readonly name: string;
  readonly #session: Session;
  readonly #inputs: readonly PreparedInput[];
  readonly #outputs: readonly PreparedOutput[];
  readonly #feeds: readonly Feed[];
  readonly #feedEndpoints: Endpoints;
  readonly #fetchEndpoints: Endpoints;
  /** Whether inputs may be left out. */
  readonly #feedsVary: boolean;
  /** Whether what is fetched depends on what is fed. */
  readonly #fetchesVary: boolean;
  /** TF_Output[] and TF_Tensor*[] of one call. Endpoints that take no part in it leave no gap. */
  readonly #fedOutputs: BigUint64Array;
  readonly #fedTensors: BigUint64Array;
  readonly #fetchedOutputs: BigUint64Array;
  readonly #fetchedTensors: BigUint64Array;
  /** Where in them each fetch is. */
  readonly #fetchPlaces: number[];
  #isStaging = false;

  /**
   * @param key the signature's raw key, for messages
   * @param inputs in argument order, with their tensors
   * @param outputs in result order, with their tensors
   * @throws SavedModelError `MODEL_CORRUPT` when the graph has no such tensor, or one of another dtype
   */
  constructor(session: Session, key: string, inputs: readonly CallInput[], outputs: readonly TensorDescription[]) {
    this.name = `${printable(key)}()`;
    this.#session = session;
    this.#feedEndpoints = new Endpoints(session, this.name);
    this.#fetchEndpoints = new Endpoints(session, this.name);
    this.#inputs = inputs.map((input) => this.#prepareInput(input));
    this.#outputs = outputs.map((output) => this.#prepareOutput(output));
    this.#feedsVary = this.#inputs.some(({ optional }) => optional);
    this.#fetchesVary = this.#outputs.some(({ feed, fetch }) => feed !== undefined && fetch !== undefined);
    this.#feeds = this.#feedEndpoints.dtypes.map((dtype, feed) => {
      const first = this.#inputs.find((input) => input.feed === feed);
      return new Feed(session.api, dtype, `${this.name}: input ${quote(first?.key ?? "")}`);
    });
    for (const feed of this.#feeds) session.own(feed);
    this.#fedOutputs = this.#feedEndpoints.toNative();
    this.#fedTensors = new BigUint64Array(this.#fedOutputs.length / 2);
    this.#fetchedOutputs = this.#fetchEndpoints.toNative();
    this.#fetchedTensors = new BigUint64Array(this.#fetchedOutputs.length / 2);
    this.#fetchPlaces = Array.from({ length: this.#fetchEndpoints.count }, (_, fetch) => fetch);
  }

  run(values: readonly unknown[]): readonly unknown[] {
    return this.#run(values, (tensor, output) => readResult(this.#session.api, tensor, output, this.name));
  }

  runForTensors(values: readonly unknown[]): readonly Tensor[] {
    return this.#run(values, (tensor, output) => readTensor(this.#session.api, tensor, output));
  }

  #run<T>(values: readonly unknown[], read: (tensor: Pointer, output: PreparedOutput) => T): readonly T[] {
    this.#requireSession();
    const staged = this.#stageAll(values);
    // Reading the values may have run code of the caller's.
    this.#requireSession();
    const fed = this.#write(staged);
    const count = this.#execute(fed);
    try {
      return this.#outputs.map((output) => read(this.#tensorOf(output, fed), output));
    } finally {
      for (let index = 0; index < count; index++) this.#session.api.TF_DeleteTensor(this.#fetchedTensors[index] ?? 0n);
    }
  }

  #requireSession(): void {
    if (this.#session.disposed) throw new SavedModelError("DISPOSED", `${this.name}: the model was disposed`);
  }

  #prepareInput(input: CallInput): PreparedInput {
    const dtype = carriedDType(input, this.name);
    const optional = input.optional === true;
    const scratch = dtype.name === "string" ? undefined : keepScratch(dtype.name);
    return {
      key: input.key,
      dtype,
      shape: input.shape,
      optional,
      feed: this.#feedEndpoints.add(input, dtype),
      scratch,
      example: input.features && new ExampleEncoder(input.key, input.features),
    };
  }

  #prepareOutput(output: TensorDescription): PreparedOutput {
    const dtype = carriedDType(output, this.name);
    const shape = output.shape && Object.freeze([...output.shape]);
    const feed = this.#feedEndpoints.find(output, dtype);
    const isAlwaysFed = this.#inputs.some((input) => input.feed === feed && !input.optional);
    return {
      key: output.key,
      dtype,
      shape,
      feed,
      fetch: isAlwaysFed ? undefined : this.#fetchEndpoints.add(output, dtype),
    };
  }

  #stageAll(values: readonly unknown[]): readonly (Flattened | undefined)[] {
    if (values.length > this.#inputs.length) throw tooManyInputs(this.name, this.#inputs, values);
    const isNested = this.#isStaging;
    this.#isStaging = true;
    try {
      return this.#inputs.map((input, index) => {
        const value = values[index];
        if (value === undefined && input.optional) return undefined;
        if (Tensor.is(value)) return stageTensor(value, input, this.name);
        const data = input.example === undefined ? value : input.example.encode(value, this.name);
        // A call that is made while another one reads its values must not write over what that one has read.
        return stage(data, input, this.name, isNested ? undefined : input.scratch);
      });
    } finally {
      this.#isStaging = isNested;
    }
  }

  /** Copies the staged inputs to native memory. */
  #write(staged: readonly (Flattened | undefined)[]): Fed {
    const fed: (Pointer | null)[] = this.#feeds.map(() => null);
    for (let index = 0; index < staged.length; index++) {
      const value = staged[index];
      const input = this.#inputs[index];
      const feed = this.#feeds[input?.feed ?? -1];
      if (value === undefined || input === undefined || feed === undefined) continue;
      if (fed[input.feed] === null) fed[input.feed] = feed.write(value);
      else this.#requireSameValue(staged, index);
    }
    return fed;
  }

  /** Keys that mean one tensor must be given one value: it is fed once. */
  #requireSameValue(staged: readonly (Flattened | undefined)[], index: number): void {
    const input = this.#inputs[index];
    const first = this.#inputs.findIndex(({ feed }, other) => feed === input?.feed && staged[other] !== undefined);
    if (sameValue(staged[index], staged[first])) return;
    const keys = `${quote(this.#inputs[first]?.key ?? "")} and ${quote(input?.key ?? "")}`;
    throw new SavedModelError(
      "CONFLICTING_INPUTS",
      `${this.name}: inputs ${keys} are one tensor of the model, but got different values`,
    );
  }

  /** @returns how many tensors were fetched, and are to be deleted */
  #execute(fed: Fed): number {
    const feeds = this.#arrangeFeeds(fed);
    const fetches = this.#fetchesVary ? this.#arrangeFetches(fed) : this.#fetchEndpoints.count;
    if (fetches === 0) return 0;
    const { api, handle, runOptions } = this.#session;
    try {
      withStatus(api, (status) =>
        api.TF_SessionRun(
          handle,
          runOptions,
          this.#fedOutputs,
          this.#fedTensors,
          feeds,
          this.#fetchedOutputs,
          this.#fetchedTensors,
          fetches,
          null,
          0,
          null,
          status,
        ),
      );
    } catch (cause) {
      throw runError(this.name, cause);
    }
    return fetches;
  }

  #arrangeFeeds(fed: Fed): number {
    let count = 0;
    for (let feed = 0; feed < fed.length; feed++) {
      const tensor = fed[feed];
      if (tensor === null || tensor === undefined) continue;
      this.#fedTensors[count] = tensor;
      if (this.#feedsVary) this.#feedEndpoints.write(this.#fedOutputs, count, feed);
      count++;
    }
    return count;
  }

  /** Fetches what is not fed, and notes where each fetch went. */
  #arrangeFetches(fed: Fed): number {
    let count = 0;
    for (let fetch = 0; fetch < this.#fetchEndpoints.count; fetch++) {
      const feed = this.#outputs.find((output) => output.fetch === fetch)?.feed;
      if (feed !== undefined && fed[feed] !== null) continue;
      this.#fetchEndpoints.write(this.#fetchedOutputs, count, fetch);
      this.#fetchPlaces[fetch] = count++;
    }
    return count;
  }

  /** What came of an output: what was fetched, or what was fed where the model hands it through. */
  #tensorOf({ fetch, feed }: PreparedOutput, fed: Fed): Pointer {
    const own = feed === undefined ? null : (fed[feed] ?? null);
    return own ?? this.#fetchedTensors[this.#fetchPlaces[fetch ?? 0] ?? 0] ?? 0n;
  }
}

/** The error for more values than a call has inputs. */
export function tooManyInputs(
  call: string,
  inputs: readonly { readonly key: string }[],
  values: readonly unknown[],
): SavedModelError {
  const keys = inputs.map(({ key }) => quote(key)).join(", ");
  const takes = inputs.length === 0 ? "no inputs" : `${inputs.length} (${keys})`;
  return new SavedModelError("TOO_MANY_INPUTS", `${call} takes ${takes}, got ${values.length}`);
}

function carriedDType({ key, dtype }: TensorDescription, call: string): DTypeInfo {
  if (isDType(dtype)) return dtypeInfo(dtype);
  throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${call}: ${quote(key)} is of dtype ${dtype}`);
}

function sameValue(a: Flattened | undefined, b: Flattened | undefined): boolean {
  if (a === undefined || b === undefined || a.shape.join() !== b.shape.join()) return false;
  const right = bytesOf(b);
  return bytesOf(a).every((bytes, index) => Buffer.compare(bytes, right[index] ?? new Uint8Array()) === 0);
}

function bytesOf({ elements }: Flattened): readonly Uint8Array[] {
  if (!ArrayBuffer.isView(elements)) return elements;
  return [new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)];
}

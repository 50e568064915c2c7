import { SavedModelError } from "../base/errors.js";
import { listSome, printable, quote } from "../base/text.js";
import { disposedError } from "../client/disposed.js";
import { allocateAligned, isAligned } from "../engines/local/native-memory.js";
import { Endpoints } from "../engines/local/run/endpoints.js";
import type { InPlace } from "../engines/local/run/input-tensor.js";
import { type OutputSpec, readResult, readTensor } from "../engines/local/run/output-value.js";
import { keepScratch } from "../engines/local/run/reusable-array.js";
import { type Fetched, Frame, type Plan } from "../engines/local/run/run-buffers.js";
import { explainRows } from "../engines/local/run/run-error.js";
import type { Session } from "../engines/local/session.js";
import { enqueue } from "../queue/queued-call.js";
import type { TensorDescription } from "../saved-model/description.js";
import type { FeatureDescriptor } from "../saved-model/descriptor.js";
import { stageTensor } from "../tensor/check-tensor.js";
import { type InputSpec, missingInputs, nameInput, stage } from "../tensor/check-value.js";
import { DETACHED_FIX, isDetached } from "../tensor/detached.js";
import { type DTypeInfo, dtypeInfo, isDType } from "../tensor/dtype.js";
import type { Flattened, Scratch } from "../tensor/flatten.js";
import { elementCount, formatShape } from "../tensor/shape.js";
import { copyElements, Tensor } from "../tensor/tensor.js";
import type { Call, CallOptions, Form, Results } from "./call.js";
import { ExampleEncoder } from "./example-input.js";

export interface PreparedInput extends InputSpec {
  readonly optional: boolean;
  /** True if the signature leaves open how many rows it has. */
  readonly hasRows: boolean;
  /** Which of the feeds it goes to: several keys may mean one tensor. */
  readonly feed: number;
  readonly scratch: Scratch | undefined;
  /** Encodes objects, where the strings are serialized examples. */
  readonly example: ExampleEncoder | undefined;
}

/** An input of a call; its features are those of a generated client. */
export interface CallInput extends TensorDescription {
  /** Set for the tensors of a ragged or sparse input, whose leading dimensions count different things. */
  readonly isComponent?: true;
  readonly features?: readonly FeatureDescriptor[] | undefined;
}

export interface PreparedOutput extends OutputSpec, Fetched {}

/** Inputs that were checked, one per input; undefined where an optional one was left out. */
export type Staged = readonly (Flattened | undefined)[];

/**
 * A signature made ready to be called: operations are looked up, feed and fetch arrays are allocated, and the order of
 * feeds is fixed. A call then only writes its inputs, runs and reads its outputs.
 */
export class PreparedCall implements Call {
  readonly name: string;
  readonly inputs: readonly PreparedInput[];
  readonly outputs: readonly PreparedOutput[];
  readonly #session: Session;
  readonly #plan: Plan;
  /** For calls on the calling thread. */
  readonly #frame: Frame;
  /** Frames of calls on worker threads that have ended. */
  readonly #idle: Frame[] = [];
  readonly #isReadOnly: boolean;
  #isStaging = false;
  #graphWrites: boolean | undefined;

  /**
   * @param key the signature's raw key, for messages
   * @param inputs in argument order, with their tensors
   * @param outputs in result order, with their tensors
   * @param isReadOnly whether it counts as one that changes nothing, whatever the graph says
   * @throws SavedModelError `MODEL_CORRUPT` when the graph has no such tensor, or one of another dtype
   */
  constructor(
    session: Session,
    key: string,
    inputs: readonly CallInput[],
    outputs: readonly TensorDescription[],
    isReadOnly = false,
  ) {
    this.name = `${printable(key)}()`;
    this.#session = session;
    this.#isReadOnly = isReadOnly;
    const feeds = new Endpoints(session, this.name);
    const fetches = new Endpoints(session, this.name);
    this.inputs = inputs.map((input) => this.#prepareInput(input, feeds));
    this.outputs = outputs.map((output) => this.#prepareOutput(output, feeds, fetches));
    this.#plan = {
      name: this.name,
      feeds,
      fetches,
      feedNames: feeds.dtypes.map((_, feed) => {
        const first = this.inputs.find((input) => input.feed === feed);
        return `${this.name}: input ${nameInput(first ?? { key: "" })}`;
      }),
      outputs: this.outputs,
      feedsVary: this.inputs.some(({ optional }) => optional),
      fetchesVary: this.outputs.some(({ feed, fetch }) => feed !== undefined && fetch !== undefined),
    };
    this.#frame = new Frame(session, this.#plan);
  }

  get writes(): boolean {
    return !this.#isReadOnly && this.#mayKeepInputs;
  }

  /** Whether the graph has operations that may take over an input's memory, such as an assignment to a variable. */
  get #mayKeepInputs(): boolean {
    this.#graphWrites ??= this.#session.writes(this.#plan.fetches.operations);
    return this.#graphWrites;
  }

  run<F extends Form>(values: readonly unknown[], form: F): Results<F> {
    this.#requireSession();
    const staged = this.#stageAll(values, true);
    // Reading the values may have run code of the caller's.
    this.#requireSession();
    const { lane } = this.#session;
    if (lane.isBusy) lane.requireFree(this.name, () => this.writes);
    const frame = this.#frame;
    try {
      this.#write(frame, staged, true);
      frame.run();
      return this.#read(frame, form);
    } catch (error) {
      throw explainRows(error, this.inputs, staged);
    } finally {
      frame.end();
    }
  }

  start<F extends Form>(values: readonly unknown[], form: F, { signal }: CallOptions = {}): Promise<Results<F>> {
    return this.startStaged(this.stage(values), form, signal);
  }

  warmUp(): void {
    this.#requireSession();
    this.#session.lane.requireFree(this.name, () => this.writes);
    const frame = this.#frame;
    frame.clear();
    if (this.writes) {
      const needed = this.inputs.filter(({ optional }) => !optional).map(({ feed }) => feed);
      frame.runWithoutEffect([...new Set(needed)]);
      return;
    }
    try {
      this.#write(frame, this.inputs.map(zerosFor));
      frame.run();
    } catch (error) {
      // Zeros may be what the model refuses; it is ready all the same.
      if (!(error instanceof SavedModelError)) throw error;
    } finally {
      frame.end();
    }
  }

  /** Checks the values of a call on a worker thread. What comes of it may be the caller's own arrays. */
  stage(values: readonly unknown[]): Staged {
    this.#requireSession();
    const staged = this.#stageAll(values, false);
    this.#requireSession();
    return staged;
  }

  /** Runs with values that were checked, on a worker thread. */
  startStaged<F extends Form>(values: Staged, form: F, signal?: AbortSignal): Promise<Results<F>> {
    let staged = values;
    const { name, writes } = this;
    const work = {
      name,
      writes,
      own: () => {
        staged = ownStaged(staged, name);
      },
      run: (isWanted: () => boolean) => this.runOnWorker(staged, form, isWanted),
    };
    return enqueue(this.#session.lane, work, signal);
  }

  /**
   * Runs with values that were checked, on a worker thread, when it is their turn. They are read before this returns.
   *
   * @param isWanted whether anybody still waits for the results, which else are not read
   */
  async runOnWorker<F extends Form>(staged: Staged, form: F, isWanted: () => boolean): Promise<Results<F>> {
    const frame = this.#idle.pop() ?? new Frame(this.#session, this.#plan);
    try {
      this.#write(frame, staged);
      await frame.runOnWorker();
      // Nobody reads the results of a call that was aborted.
      return isWanted() ? this.#read(frame, form) : ([] as Results<Form> as Results<F>);
    } catch (error) {
      throw explainRows(error, this.inputs, staged);
    } finally {
      frame.end();
      this.#idle.push(frame);
    }
  }

  /** Reads the results of a run. */
  #read<F extends Form>(frame: Frame, form: F): Results<F> {
    const { api } = this.#session;
    const read = form === "tensors" ? readTensor : readResult;
    const results: readonly unknown[] = this.outputs.map((output) =>
      read(api, frame.tensorOf(output), output, this.name),
    );
    // The form says which of the two it is.
    return results as Results<Form> as Results<F>;
  }

  #requireSession(): void {
    if (this.#session.disposed) throw disposedError(this.name, this.#session);
  }

  #prepareInput(input: CallInput, feeds: Endpoints): PreparedInput {
    const dtype = carriedDType(input, this.name);
    const optional = input.optional === true;
    const scratch = dtype.name === "string" ? undefined : keepScratch(dtype.name);
    return {
      key: input.key,
      argument: input.argument,
      dtype,
      shape: input.shape,
      optional,
      hasRows: input.shape?.[0] === null && input.isComponent !== true,
      feed: feeds.add(input, dtype),
      scratch,
      example: input.features && new ExampleEncoder(input, input.features, input.exampleRank),
    };
  }

  #prepareOutput(output: TensorDescription, feeds: Endpoints, fetches: Endpoints): PreparedOutput {
    const dtype = carriedDType(output, this.name);
    const shape = output.shape && Object.freeze([...output.shape]);
    const feed = feeds.find(output, dtype);
    const isAlwaysFed = this.inputs.some((input) => input.feed === feed && !input.optional);
    const { key, bytes = false } = output;
    return { key, dtype, shape, bytes, feed, fetch: isAlwaysFed ? undefined : fetches.add(output, dtype) };
  }

  #stageAll(values: readonly unknown[], mayUseScratch: boolean): Staged {
    if (values.length > this.inputs.length) throw tooManyInputs(this.name, this.inputs, values);
    const isNested = this.#isStaging;
    this.#isStaging = true;
    try {
      return this.inputs.map((input, index) => {
        const value = values[index];
        if (value === undefined) {
          if (input.optional) return undefined;
          const isMissing = (other: PreparedInput, place: number): boolean =>
            values[place] === undefined && !other.optional;
          throw missingInputs(this.inputs.filter(isMissing), this.name);
        }
        if (Tensor.is(value)) return stageTensor(value, input, this.name);
        const data = input.example === undefined ? value : input.example.encode(value, this.name);
        // A call that is made while another one reads its values must not write over what that one has read.
        return stage(data, input, this.name, isNested || !mayUseScratch ? undefined : input.scratch);
      });
    } finally {
      this.#isStaging = isNested;
    }
  }

  /** Copies the staged inputs to native memory. */
  #write(frame: Frame, staged: Staged, mayShare = false): void {
    frame.clear();
    for (let index = 0; index < staged.length; index++) {
      const value = staged[index];
      const input = this.inputs[index];
      if (value === undefined || input === undefined) continue;
      if (frame.isFed(input.feed)) this.#requireSameValue(staged, index);
      // A variable may take over the memory that it is assigned from.
      else if (mayShare && isInPlace(value) && !this.#mayKeepInputs) frame.share(input.feed, value);
      else frame.feed(input.feed, value);
    }
  }

  /** Keys that mean one tensor must be given one value: it is fed once. */
  #requireSameValue(staged: Staged, index: number): void {
    const input = this.inputs[index];
    const first = this.inputs.findIndex(({ feed }, other) => feed === input?.feed && staged[other] !== undefined);
    if (sameValue(staged[index], staged[first])) return;
    const keys = `${nameInput(this.inputs[first] ?? { key: "" })} and ${nameInput(input ?? { key: "" })}`;
    throw new SavedModelError(
      "CONFLICTING_INPUTS",
      `${this.name}: inputs ${keys} are one tensor of the model, but got different values`,
    );
  }
}

/** Whether TensorFlow can read these elements in place. */
function isInPlace(value: Flattened): value is InPlace {
  return ArrayBuffer.isView(value.elements) && isAligned(value.elements);
}

/** The error for more values than a call has inputs. */
export function tooManyInputs(
  call: string,
  inputs: readonly { readonly key: string; readonly argument?: string | undefined }[],
  values: readonly unknown[],
): SavedModelError {
  const keys = listSome(inputs.map(nameInput), String);
  const takes = inputs.length === 0 ? "no inputs" : `${inputs.length} (${keys})`;
  return new SavedModelError("TOO_MANY_INPUTS", `${call} takes ${takes}, got ${values.length}`);
}

/** The staged values in memory that nobody else has. */
export function ownStaged(staged: Staged, call: string): Staged {
  return staged.map((value) => {
    if (value === undefined) return undefined;
    const { shape, elements } = value;
    // Reading a later input may have run code that sent this one away.
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

/** An input of zeros, or empty strings, with one of what the shape leaves open. */
function zerosFor({ optional, shape, dtype }: PreparedInput): Flattened | undefined {
  if (optional) return undefined;
  const sizes = (shape ?? []).map((size) => size ?? 1);
  const count = elementCount(sizes);
  if (dtype.name === "string") return { shape: sizes, elements: new Array(count).fill(new Uint8Array()) };
  return { shape: sizes, elements: allocateAligned(dtype.name, sizes) };
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

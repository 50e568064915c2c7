import { SavedModelError } from "../../../base/errors.js";
import { itemAt } from "../../../base/item-at.js";
import { carriedDType } from "../../../call/signature-call.js";
import type { DenseSignature, DenseValue, Execution, Form, Results, Targets } from "../../../engine.js";
import type { TensorInfo } from "../../../saved-model/signature-info.js";
import { nameInput } from "../../../tensor/check-value.js";
import type { AnyTypedArray, DTypeInfo } from "../../../tensor/dtype.js";
import { elementCount, type ShapeSpec } from "../../../tensor/shape.js";
import { Tensor } from "../../../tensor/tensor.js";
import { allocateAligned, isAligned } from "../native-memory.js";
import type { Session } from "../session.js";
import { Endpoints } from "./endpoints.js";
import type { InPlace } from "./input-tensor.js";
import { fits, type OutputSpec, readInto, readResult, readTensor } from "./output-value.js";
import { type Fetched, Frame, type Plan } from "./run-buffers.js";
import { ShortRuns, waitForSlice } from "./short-runs.js";

interface FedInput {
  readonly key: string;
  readonly argument: string | undefined;
  readonly dtype: DTypeInfo;
  readonly shape: ShapeSpec;
  readonly optional: boolean;
  /** Index of its feed: several keys may mean one tensor. */
  readonly feed: number;
}

/** Kinds of inputs that are not lengths, counts or strings, with which the time of a run would vary. */
const STEADY_KINDS: ReadonlySet<DTypeInfo["kind"]> = new Set(["float", "half", "bfloat", "complex"]);

/** Number of runs on worker threads that may be long: they may keep TensorFlow's threads from a run on this one. */
let longRuns = 0;

interface FetchedOutput extends OutputSpec, Fetched {}

/**
 * A signature prepared to be run by TensorFlow: operations are looked up, feed and fetch arrays are allocated, and the
 * order of feeds is fixed. A run then only writes its inputs, runs and reads its outputs.
 */
export class LocalExecution implements Execution {
  readonly #name: string;
  readonly #inputs: readonly FedInput[];
  readonly #outputs: readonly FetchedOutput[];
  readonly #session: Session;
  readonly #plan: Plan;
  /** For runs on the calling thread. */
  readonly #frame: Frame;
  /** Frames of runs on worker threads that have ended. */
  readonly #idle: Frame[] = [];
  /** Undefined where the time of a run may depend on more than the sizes of its inputs. */
  readonly #shortRuns: ShortRuns | undefined;
  #writes: boolean | undefined;
  #viewsStrings: boolean | undefined;

  /** @throws SavedModelError `MODEL_CORRUPT` when the graph has no such tensor, or one of another dtype */
  constructor(session: Session, { name, inputs, outputs }: DenseSignature) {
    this.#name = name;
    this.#session = session;
    const feeds = new Endpoints(session, name);
    const fetches = new Endpoints(session, name);
    this.#inputs = inputs.map((input) => this.#prepareInput(input, feeds));
    this.#outputs = outputs.map((output) => this.#prepareOutput(output, feeds, fetches));
    this.#plan = {
      name,
      feeds,
      fetches,
      feedNames: feeds.dtypes.map((_, feed) => {
        const first = this.#inputs.find((input) => input.feed === feed);
        return `${name}: input ${nameInput(first ?? { key: "" })}`;
      }),
      outputs: this.#outputs,
      feedsVary: this.#inputs.some(({ optional }) => optional),
      fetchesVary: this.#outputs.some(({ feed, fetch }) => feed !== undefined && fetch !== undefined),
    };
    this.#frame = new Frame(session, this.#plan);
    const isSteady = session.isSteady && this.#inputs.every(({ dtype }) => STEADY_KINDS.has(dtype.kind));
    this.#shortRuns = isSteady ? new ShortRuns() : undefined;
  }

  /** True if the graph has operations that may change variables, or take over an input's memory as assignments do. */
  get writes(): boolean {
    this.#writes ??= this.#session.writes(this.#plan.fetches.operations);
    return this.#writes;
  }

  /** Returns true if strings may be fed as views: see `Feed`. */
  readonly #mayViewStrings = (): boolean => {
    this.#viewsStrings ??= this.#session.mayViewStrings(this.#plan.fetches.operations);
    return this.#viewsStrings;
  };

  run<F extends Form>(inputs: readonly (DenseValue | undefined)[], form: F, into?: Targets): Results<F> {
    const frame = this.#frame;
    try {
      this.#write(frame, inputs, true, into);
      frame.run();
      return this.#read(frame, form, into);
    } finally {
      frame.end();
    }
  }

  async start<F extends Form>(
    inputs: readonly (DenseValue | undefined)[],
    form: F,
    isWanted: () => boolean,
    into?: Targets,
  ): Promise<Results<F>> {
    const frame = this.#idle.pop() ?? new Frame(this.#session, this.#plan);
    this.#session.beginRun();
    try {
      this.#write(frame, inputs, false);
      const pending = this.#runOffStack(frame, sizeOf(inputs));
      if (pending !== undefined) await pending;
      // The results of an aborted call are not read.
      return isWanted() ? this.#read(frame, form, into) : ([] as Results<Form> as Results<F>);
    } finally {
      frame.end();
      this.#idle.push(frame);
      this.#session.endRun();
    }
  }

  /**
   * Runs on a worker thread, or in a slice of the event loop's time where that is shorter than the way to a worker.
   *
   * @returns undefined if it has run
   */
  #runOffStack(frame: Frame, size: number): Promise<void> | undefined {
    const runs = this.#shortRuns;
    if (runs?.isShort(size) !== true) return this.#runLong(frame, size);
    if (longRuns > 0) return this.#runOnWorker(frame, size);
    const turn = waitForSlice();
    if (turn !== undefined) return runLater(frame, runs, turn);
    runHere(frame, runs);
    return undefined;
  }

  async #runLong(frame: Frame, size: number): Promise<void> {
    longRuns++;
    try {
      await this.#runOnWorker(frame, size);
    } finally {
      longRuns--;
    }
  }

  async #runOnWorker(frame: Frame, size: number): Promise<void> {
    const start = performance.now();
    await frame.runOnWorker();
    this.#shortRuns?.noteOnWorker(size, performance.now() - start);
  }

  warmUp(mayRun: boolean): void {
    const frame = this.#frame;
    frame.clear();
    if (!mayRun) {
      const needed = this.#inputs.filter(({ optional }) => !optional).map(({ feed }) => feed);
      frame.runWithoutEffect([...new Set(needed)]);
      return;
    }
    try {
      this.#write(frame, this.#inputs.map(zerosFor), false);
      frame.run();
    } catch (error) {
      // The model may reject zeros; it is prepared nevertheless.
      if (!(error instanceof SavedModelError)) throw error;
    } finally {
      frame.end();
    }
  }

  /** Reads the results of a run: into their targets, if all of these can hold them. */
  #read<F extends Form>(frame: Frame, form: F, into?: Targets): Results<F> {
    const { api } = this.#session;
    const read = form === "tensors" ? readTensor : readResult;
    const targets = into !== undefined && this.#fit(frame, into) ? into : undefined;
    const results: unknown[] = [];
    for (let index = 0; index < this.#outputs.length; index++) {
      const output = itemAt(this.#outputs, index);
      const native = frame.tensorOf(output);
      const target = targets?.[index];
      results.push(target === undefined ? read(api, native, output, this.#name) : readInto(api, native, target));
    }
    // The form says which of the two it is.
    return results as Results<Form> as Results<F>;
  }

  /** Returns true if all targets can hold their results. */
  #fit(frame: Frame, into: Targets): boolean {
    const { api } = this.#session;
    for (let index = 0; index < this.#outputs.length; index++) {
      if (!fits(api, frame.tensorOf(itemAt(this.#outputs, index)), into[index])) return false;
    }
    return true;
  }

  #prepareInput(input: TensorInfo, feeds: Endpoints): FedInput {
    const { key, argument, shape } = input;
    const dtype = carriedDType(input, this.#name);
    return { key, argument, dtype, shape, optional: input.optional === true, feed: feeds.add(input, dtype) };
  }

  #prepareOutput(output: TensorInfo, feeds: Endpoints, fetches: Endpoints): FetchedOutput {
    const dtype = carriedDType(output, this.#name);
    const { shape } = output;
    const feed = feeds.find(output, dtype);
    const isAlwaysFed = this.#inputs.some((input) => input.feed === feed && !input.optional);
    const { key, bytes = false } = output;
    const fetch = isAlwaysFed ? undefined : fetches.add(output, dtype);
    return { key, dtype, shape, bytes, feed, fetch };
  }

  /** Copies the inputs to native memory, or shares them where that is safe. */
  #write(frame: Frame, values: readonly (DenseValue | undefined)[], mayShare: boolean, into?: Targets): void {
    frame.clear();
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value === undefined) continue;
      const { feed, dtype } = itemAt(this.#inputs, index);
      if (frame.isFed(feed)) this.#requireSameValue(values, index);
      else if (dtype.kind === "string") frame.feed(feed, value, this.#mayViewStrings);
      // A variable may take over the memory that it is assigned from.
      else if (mayShare && isInPlace(value) && !this.writes && !isTarget(value, into)) frame.share(feed, value);
      else frame.feed(feed, value);
    }
  }

  /** Keys that mean one tensor must be given one value: it is fed once. */
  #requireSameValue(values: readonly (DenseValue | undefined)[], index: number): void {
    const input = itemAt(this.#inputs, index);
    const first = this.#inputs.findIndex(({ feed }, other) => feed === input.feed && values[other] !== undefined);
    if (sameValue(values[index], values[first])) return;
    const keys = `${nameInput(itemAt(this.#inputs, first))} and ${nameInput(input)}`;
    throw new SavedModelError(
      "CONFLICTING_INPUTS",
      `${this.#name}: inputs ${keys} are one tensor of the model, but got different values`,
    );
  }
}

/** Runs on the calling thread in a later turn of the event loop. */
async function runLater(frame: Frame, runs: ShortRuns, first: Promise<void>): Promise<void> {
  // Runs of that slice may end while this one waits.
  for (let turn: Promise<void> | undefined = first; turn !== undefined; turn = waitForSlice()) await turn;
  runHere(frame, runs);
}

function runHere(frame: Frame, runs: ShortRuns): void {
  const start = performance.now();
  frame.run();
  runs.noteHere(performance.now() - start);
}

/** Bytes of the inputs; of strings, which have no short runs, none. */
function sizeOf(inputs: readonly (DenseValue | undefined)[]): number {
  let bytes = 0;
  for (const input of inputs)
    if (input !== undefined && ArrayBuffer.isView(input.elements)) bytes += input.elements.byteLength;
  return bytes;
}

/** Returns whether TensorFlow can read these elements in place. */
function isInPlace(value: DenseValue): value is InPlace {
  return ArrayBuffer.isView(value.elements) && isAligned(value.elements);
}

/**
 * Returns whether a result is written to the memory of an input. Another result may be this input, passed through, and
 * has to be what it was before.
 */
function isTarget({ elements: { buffer } }: InPlace, into: Targets | undefined): boolean {
  if (into === undefined) return false;
  return into.some((target) => target !== undefined && (Tensor.elementsOf(target) as AnyTypedArray).buffer === buffer);
}

/** Returns an input of zeros, or empty strings, of size 1 where the shape leaves the size open. */
function zerosFor({ optional, shape, dtype }: FedInput): DenseValue | undefined {
  if (optional) return undefined;
  const sizes = (shape ?? []).map((size) => size ?? 1);
  if (dtype.name === "string") {
    return { shape: sizes, elements: new Array(elementCount(sizes)).fill(new Uint8Array()) };
  }
  return { shape: sizes, elements: allocateAligned(dtype.name, sizes) };
}

function sameValue(a: DenseValue | undefined, b: DenseValue | undefined): boolean {
  if (a === undefined || b === undefined || a.shape.join() !== b.shape.join()) return false;
  const left = bytesOf(a);
  const right = bytesOf(b);
  return (
    left.length === right.length && left.every((bytes, index) => Buffer.compare(bytes, itemAt(right, index)) === 0)
  );
}

function bytesOf({ elements }: DenseValue): readonly Uint8Array[] {
  if (!ArrayBuffer.isView(elements)) return elements;
  return [new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)];
}

import { SavedModelError } from "../../../base/errors.js";
import { itemAt } from "../../../base/item-at.js";
import { dtypeInfo } from "../../../tensor/dtype.js";
import type { Flattened } from "../../../tensor/flatten.js";
import { nonNull, type SessionRun } from "../native/c-api.js";
import type { Address, Pointer } from "../native/c-functions.js";
import { Status, sharedStatus, takeError } from "../native/status.js";
import type { Session } from "../session.js";
import type { Recording } from "../trace/recording.js";
import type { Endpoints } from "./endpoints.js";
import { Feed, type InPlace } from "./input-tensor.js";
import { runError } from "./run-error.js";

/** An output of a call, as far as fetching is concerned. */
export interface Fetched {
  /** Index of the fetch; undefined for an input that is passed through and always fed. */
  readonly fetch: number | undefined;
  /** Index of the feed, for an input that is passed through: what is fed cannot be fetched. */
  readonly feed: number | undefined;
}

/** Feeds and fetches of a signature: the same for all of its runs. */
export interface Plan {
  /** For messages: `train()`. */
  readonly name: string;
  readonly feeds: Endpoints;
  readonly fetches: Endpoints;
  /** Description of each feed, for messages: `train(): input "x"`. */
  readonly feedNames: readonly string[];
  readonly outputs: readonly Fetched[];
  /** True if inputs may be omitted. */
  readonly feedsVary: boolean;
  /** True if the fetches depend on the feeds. */
  readonly fetchesVary: boolean;
}

/**
 * The native side of one run at a time: input tensors, and the arrays of feeds and fetches. A run in another thread has
 * it to itself until it ends.
 */
export class Frame {
  readonly #session: Session;
  readonly #plan: Plan;
  readonly #feeds: readonly Feed[];
  /** Those of strings. */
  readonly #texts: readonly Feed[];
  /** The native tensor of each feed, null where nothing is fed in this run. */
  readonly #fed: (Pointer | null)[];
  /** Tensors of this run in memory of JavaScript's, which is kept alive by being here. */
  readonly #shared: { readonly tensor: Pointer; readonly elements: ArrayBufferView }[] = [];
  /** Feeds that are observed in this run. */
  readonly #observed: Feed[] = [];
  #hasRun = false;
  /** TF_Output[] and TF_Tensor*[] of one run. Endpoints that take no part in it leave no gap. */
  readonly #fedOutputs: BigUint64Array;
  readonly #fedTensors: BigUint64Array;
  readonly #fetchedOutputs: BigUint64Array;
  readonly #fetchedTensors: BigUint64Array;
  /** Addresses of these four arrays. */
  readonly #addresses: {
    readonly fedOutputs: Address;
    readonly fedTensors: Address;
    readonly fetchedOutputs: Address;
    readonly fetchedTensors: Address;
  };
  /** Index of each fetch in them. */
  readonly #fetchPlaces: number[];
  #feedCount = 0;
  #fetchCount = 0;

  constructor(session: Session, plan: Plan) {
    this.#session = session;
    this.#plan = plan;
    this.#feeds = plan.feeds.dtypes.map((dtype, feed) => new Feed(session.api, dtype, itemAt(plan.feedNames, feed)));
    this.#texts = this.#feeds.filter((_, feed) => itemAt(plan.feeds.dtypes, feed).kind === "string");
    for (const feed of this.#feeds) session.own(feed);
    this.#fed = this.#feeds.map(() => null);
    this.#fedOutputs = plan.feeds.toNative();
    this.#fedTensors = nativeArray(this.#feeds.length);
    this.#fetchedOutputs = plan.fetches.toNative();
    this.#fetchedTensors = nativeArray(plan.fetches.count);
    const { addressOf } = session.api;
    this.#addresses = {
      fedOutputs: addressOf(this.#fedOutputs),
      fedTensors: addressOf(this.#fedTensors),
      fetchedOutputs: addressOf(this.#fetchedOutputs),
      fetchedTensors: addressOf(this.#fetchedTensors),
    };
    this.#fetchPlaces = Array.from({ length: plan.fetches.count }, (_, fetch) => fetch);
  }

  /** Begins a run: nothing is fed yet. */
  clear(): void {
    for (let feed = 0; feed < this.#fed.length; feed++) this.#fed[feed] = null;
    this.#hasRun = false;
  }

  /** Returns true if this feed has a value in this run. */
  isFed(feed: number): boolean {
    return this.#fed[feed] !== null;
  }

  /**
   * Copies an input to native memory.
   *
   * @param mayView see {@link Feed.write}
   */
  feed(feed: number, value: Flattened, mayView?: () => boolean): void {
    this.#fed[feed] = itemAt(this.#feeds, feed).write(value, mayView);
  }

  /**
   * Feeds an input in place, for as long as the run lasts. Until a run has shown that TensorFlow releases the input
   * when it ends, the input is copied: memory of JavaScript's must not be held any longer.
   */
  share(feed: number, value: InPlace): void {
    const target = itemAt(this.#feeds, feed);
    if (target.isLetGo !== true) {
      if (target.isLetGo === undefined) this.#observed.push(target);
      this.feed(feed, value);
      return;
    }
    const tensor = target.share(value);
    this.#shared.push({ tensor, elements: value.elements });
    this.#fed[feed] = tensor;
  }

  /**
   * Runs on the calling thread.
   *
   * @throws SavedModelError `TF_<STATUS>`
   */
  run(): void {
    this.#arrange();
    if (this.#fetchCount === 0) return;
    const { api, recording, runOptions } = this.#session;
    this.#call(api.TF_SessionRun, recording?.runOptions ?? runOptions, sharedStatus(api), recording);
    this.#hasRun = true;
    // TensorFlow sets all results or, when a run fails, not the last one: the status needs to be read only then.
    if (this.#fetchedTensors[this.#fetchCount - 1] !== 0n) return;
    const cause = takeError(api);
    if (cause !== undefined) this.#fail(cause);
  }

  /**
   * Runs on a worker thread. Until the promise settles, nothing of this frame may be touched.
   *
   * @throws SavedModelError `TF_<STATUS>`
   */
  async runOnWorker(): Promise<void> {
    this.#arrange();
    if (this.#fetchCount === 0) return;
    const { api } = this.#session;
    const status = new Status(api);
    try {
      await new Promise<void>((resolve, reject) => {
        const done = (error: unknown): void => (error ? reject(error) : resolve());
        const run = (...parameters: Parameters<SessionRun>): unknown => api.sessionRunOnWorker(...parameters, done);
        this.#call(run, this.#session.workerRunOptions, status.pointer);
      });
      status.check();
    } catch (cause) {
      this.#fail(cause);
    } finally {
      status.delete();
    }
  }

  /** Throws the error of a failed run. */
  #fail(cause: unknown): never {
    this.#hasRun = false;
    throw runError(this.#plan.name, cause, this.#session.adviceFor(this.#plan.name));
  }

  /**
   * Makes TensorFlow build the executor for these feeds, and run nothing: the first gets a value of another dtype,
   * which TensorFlow checks once the executor exists and before any operation runs (`DirectSession::Run`). Without
   * feeds this is not possible, and nothing is done.
   */
  runWithoutEffect(feeds: readonly number[]): void {
    const { api } = this.#session;
    this.clear();
    try {
      for (const [index, feed] of feeds.entries()) {
        const dtype = itemAt(this.#plan.feeds.dtypes, feed);
        const wrong = dtypeInfo(dtype.name === "uint8" ? "int8" : "uint8");
        const { code } = index === 0 ? wrong : dtype;
        this.#fed[feed] = nonNull(api.TF_AllocateTensor(code, BigInt64Array.of(0n), 1, 0), "tensor");
      }
      if (feeds.length > 0) this.run();
    } catch (error) {
      if (!(error instanceof SavedModelError)) throw error;
    } finally {
      this.end();
      for (const tensor of this.#fed) if (tensor !== null) api.TF_DeleteTensor(tensor);
      this.clear();
    }
  }

  /** Returns the tensor of an output: what was fetched, or what was fed where the model passes it through. */
  tensorOf({ fetch, feed }: Fetched): Pointer {
    const own = feed === undefined ? null : itemAt(this.#fed, feed);
    if (own !== null) return own;
    if (fetch === undefined) throw new Error("an output is neither fed nor fetched");
    return nonNull(itemAt(this.#fetchedTensors, itemAt(this.#fetchPlaces, fetch)), "tensor");
  }

  /** Deletes the fetched tensors, and those fed in place. */
  end(): void {
    const { api } = this.#session;
    for (let index = 0; index < this.#fetchCount; index++) {
      const tensor = itemAt(this.#fetchedTensors, index);
      if (tensor !== 0n) api.TF_DeleteTensor(tensor);
    }
    this.#fetchCount = 0;
    if (this.#shared.length > 0) for (const { tensor } of this.#shared.splice(0)) api.TF_DeleteTensor(tensor);
    if (this.#observed.length > 0) for (const feed of this.#observed.splice(0)) if (this.#hasRun) feed.observe();
    if (this.#texts.length > 0) for (const feed of this.#texts) feed.settle();
  }

  #call(
    run: (...parameters: Parameters<SessionRun>) => unknown,
    runOptions: Pointer,
    status: Pointer,
    recording?: Recording,
  ): void {
    // Loops: `fill` takes ten times as long for so few.
    for (let fetch = 0; fetch < this.#fetchCount; fetch++) this.#fetchedTensors[fetch] = 0n;
    const { fedOutputs, fedTensors, fetchedOutputs, fetchedTensors } = this.#addresses;
    run(
      this.#session.handle,
      runOptions,
      fedOutputs,
      fedTensors,
      this.#feedCount,
      fetchedOutputs,
      fetchedTensors,
      this.#fetchCount,
      null,
      0,
      recording === undefined ? null : recording.begin(this.#plan.name),
      status,
    );
  }

  #arrange(): void {
    this.#feedCount = this.#arrangeFeeds();
    this.#fetchCount = this.#plan.fetchesVary ? this.#arrangeFetches() : this.#plan.fetches.count;
  }

  #arrangeFeeds(): number {
    const { feeds, feedsVary } = this.#plan;
    let count = 0;
    for (let feed = 0; feed < this.#fed.length; feed++) {
      const tensor = this.#fed[feed];
      if (tensor === null || tensor === undefined) continue;
      this.#fedTensors[count] = tensor;
      if (feedsVary) feeds.write(this.#fedOutputs, count, feed);
      count++;
    }
    return count;
  }

  /** Fetches what is not fed, and notes the index of each fetch. */
  #arrangeFetches(): number {
    const { fetches, outputs } = this.#plan;
    let count = 0;
    for (let fetch = 0; fetch < fetches.count; fetch++) {
      const feed = outputs.find((output) => output.fetch === fetch)?.feed;
      if (feed !== undefined && this.isFed(feed)) continue;
      fetches.write(this.#fetchedOutputs, count, fetch);
      this.#fetchPlaces[fetch] = count++;
    }
    return count;
  }
}

/**
 * Returns an array that another thread may use: the engine may move small typed arrays that have no separate buffer.
 */
function nativeArray(length: number): BigUint64Array {
  return new BigUint64Array(new ArrayBuffer(Math.max(1, length) * BigUint64Array.BYTES_PER_ELEMENT));
}

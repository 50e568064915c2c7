import { type Channel, channel } from "node:diagnostics_channel";
import type { Steps } from "../base/steps.js";

/** Message published on `savedmodel:load` after a model was loaded. */
export interface LoadEvent {
  readonly directory: string;
  readonly tags: readonly string[];
  readonly durationMs: number;
  /** @deprecated Use `durationMs`, which has the same value. */
  readonly duration: number;
}

/** Message published on `savedmodel:call` after a call has succeeded. */
export interface CallEvent {
  readonly directory: string;
  /** Raw key of the signature. */
  readonly signature: string;
  /** Thread of the call: the calling thread or a worker thread. */
  readonly mode: "sync" | "async";
  /** Duration in milliseconds; of an asynchronous call, including the time that it waited. */
  readonly durationMs: number;
  /** @deprecated Use `durationMs`, which has the same value. */
  readonly duration: number;
}

/** Message published on `savedmodel:error` after loading or a call has failed. */
export interface ErrorEvent {
  readonly directory: string;
  /** Raw key of the signature; undefined where loading failed. */
  readonly signature?: string;
  readonly error: unknown;
}

/** Message published on `savedmodel:request` after each request to a server, with one message per attempt of a call. */
export interface RequestEvent {
  /** `cluster`, `kserve` or `serving`. */
  readonly engine: string;
  readonly address: string;
  /** Raw key of the signature. */
  readonly signature: string;
  /** 1 for the first attempt of a call. */
  readonly attempt: number;
  readonly durationMs: number;
  /** Version of the model that answered, where the server tells it. */
  readonly version?: string;
  /** Error of a request that failed. */
  readonly error?: unknown;
}

const loads: Channel = channel("savedmodel:load");
const calls: Channel = channel("savedmodel:call");
const errors: Channel = channel("savedmodel:error");
const requests: Channel = channel("savedmodel:request");

/** Returns true if requests have subscribers. */
export function areRequestsObserved(): boolean {
  return requests.hasSubscribers;
}

/** Publishes a request to a server. */
export function publishRequest(event: RequestEvent): void {
  if (requests.hasSubscribers) requests.publish(event);
}

function since(start: number): Pick<CallEvent, "durationMs" | "duration"> {
  const durationMs = performance.now() - start;
  return { durationMs, duration: durationMs };
}

/** Returns true if calls have subscribers. */
export function isObserved(): boolean {
  return calls.hasSubscribers || errors.hasSubscribers;
}

/** Loads a model and publishes the outcome. */
export function* observeLoad<T>(
  directory: string,
  load: () => Steps<T>,
  tagsOf: (loaded: T) => readonly string[],
): Steps<T> {
  if (!loads.hasSubscribers && !errors.hasSubscribers) return yield* load();
  const start = performance.now();
  try {
    const loaded = yield* load();
    loads.publish({ directory, tags: tagsOf(loaded), ...since(start) } satisfies LoadEvent);
    return loaded;
  } catch (error) {
    errors.publish({ directory, error } satisfies ErrorEvent);
    throw error;
  }
}

/** Makes a call on this thread and publishes its outcome. */
export function observeCall<T>(directory: string, signature: string, call: () => T): T {
  const start = performance.now();
  try {
    const result = call();
    calls.publish({ directory, signature, mode: "sync", ...since(start) } satisfies CallEvent);
    return result;
  } catch (error) {
    errors.publish({ directory, signature, error } satisfies ErrorEvent);
    throw error;
  }
}

/** Makes a call on a worker thread and publishes its outcome. Errors at the start of the call are thrown at once. */
export function observeStart<T>(directory: string, signature: string, start: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  const fail = (error: unknown): never => {
    errors.publish({ directory, signature, error } satisfies ErrorEvent);
    throw error;
  };
  const succeed = (result: T): T => {
    calls.publish({ directory, signature, mode: "async", ...since(begin) } satisfies CallEvent);
    return result;
  };
  let started: Promise<T>;
  try {
    started = start();
  } catch (error) {
    return fail(error);
  }
  return started.then(succeed, fail);
}

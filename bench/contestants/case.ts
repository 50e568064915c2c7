/** One signature with one size of data: what every contestant is asked to do in a comparison. */
export interface CallCase {
  /** Names the case on command lines: no spaces. */
  readonly name: string;
  /** The signature's key. */
  readonly signature: string;
  /** The size of its unknown dimensions. */
  readonly size?: number;
  /** True for random input; ones otherwise. */
  readonly isRandom?: boolean;
  /** The bytes of each string element. */
  readonly stringBytes?: number;
  /** True if the client also reads the elements of the result, as JavaScript strings. */
  readonly readsData?: boolean;
  /** True if the C program creates a new input tensor for each call, instead of reusing one. */
  readonly freshTensor?: boolean;
  /** Copy this much with C's memcpy, without TensorFlow. */
  readonly memcpyBytes?: number;
  /** Number of calls of the signature that are measured as one; 1 by default. */
  readonly repeat?: number;
  /** Kind of calls that the client makes; on the calling thread by default. */
  readonly manner?: Manner;
  /** The client runs concurrent calls together, this many rows at most. */
  readonly maxBatch?: number;
  /** Python makes the calls in this many threads: in its main thread, if nothing is said. */
  readonly threads?: number;
}

/** On the calling thread; on worker threads, one after another; on worker threads, all at once; or by `fit`, as its steps. */
type Manner = "sync" | "awaited" | "concurrent" | "fit";

/** A contestant's result for a number of calls: nanoseconds per call, or bytes. */
export interface Sample {
  readonly median: number;
  readonly p99: number;
}

/** One way to do the work of a comparison. It takes the time of each call, or what else is compared, itself. */
export interface Contestant {
  readonly name: string;
  readonly run: (calls: number) => Promise<Sample>;
}

/** A contestant that cannot take part, and why. */
export interface Absentee {
  readonly name: string;
  readonly absent: string;
  /** True if that is not the contestant's fault: there is nothing to do for anyone. */
  readonly isExcused?: boolean;
}

export type Entry = Contestant | Absentee;

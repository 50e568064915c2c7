/** One signature with one size of data: what every contestant is asked to do in a comparison. */
export interface CallCase {
  /** Names the case on command lines: no spaces. */
  readonly name: string;
  /** The signature's key. */
  readonly signature: string;
  /** The size of its unknown dimensions. */
  readonly size?: number;
  /** Whether the input is random: ones otherwise. */
  readonly isRandom?: boolean;
  /** The bytes of each string element. */
  readonly stringBytes?: number;
  /** Whether the client also reads the elements out of the result, as JavaScript strings. */
  readonly readsData?: boolean;
  /** Whether the C program makes a new input tensor for each call, instead of writing one again. */
  readonly freshTensor?: boolean;
  /** Copy this much with C's memcpy, without TensorFlow. */
  readonly memcpyBytes?: number;
  /** How many calls of the signature are measured as one: 1, if nothing is said. */
  readonly repeat?: number;
  /** How the client makes them: on the calling thread, if nothing is said. */
  readonly manner?: Manner;
  /** The client runs concurrent calls together, this many rows at most. */
  readonly maxBatch?: number;
  /** Python makes the calls in this many threads: in its main thread, if nothing is said. */
  readonly threads?: number;
}

/** On the calling thread; on worker threads, one after another; on worker threads, all at once; or by `fit`, as its steps. */
type Manner = "sync" | "awaited" | "concurrent" | "fit";

/** What a contestant answers for a number of calls: nanoseconds per call, or bytes. */
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
  /** Whether that is not the contestant's fault: nobody has anything to do. */
  readonly isExcused?: boolean;
}

export type Entry = Contestant | Absentee;

/** One signature with one size of data: the task of every contestant in a comparison. */
export interface CallCase {
  /** Name of the case on command lines, without spaces. */
  readonly name: string;
  /** The signature's key. */
  readonly signature: string;
  /** The size of its unknown dimensions. */
  readonly size?: number;
  /** True for random input; ones otherwise. */
  readonly isRandom?: boolean;
  /** True if the result must equal the input. */
  readonly isIdentity?: boolean;
  /** The bytes of each string element. */
  readonly stringBytes?: number;
  /** True if the client also reads the elements of the result, as JavaScript strings. */
  readonly readsData?: boolean;
  /** True if the C program creates a new input tensor for each call, instead of reusing one. */
  readonly freshTensor?: boolean;
  /** True if the C program copies each result to newly allocated memory, instead of reusing its own. */
  readonly allocatesResult?: boolean;
  /** True if the client writes results into memory that the case reuses. */
  readonly into?: boolean;
  /** Number of bytes to copy with C's memcpy, without TensorFlow. */
  readonly memcpyBytes?: number;
  /** Number of calls of the signature that are measured as one; 1 by default. */
  readonly repeat?: number;
  /** Kind of calls that the client makes; on the calling thread by default. */
  readonly manner?: Manner;
  /** Largest number of rows that the client batches from concurrent calls. */
  readonly maxBatch?: number;
  /** Number of threads that make the calls in Python; its main thread by default. */
  readonly threads?: number;
}

/** On the calling thread; on worker threads, one after another; on worker threads, all at once; or by `fit`, as its steps. */
type Manner = "sync" | "awaited" | "concurrent" | "fit";

/** A contestant's result for a number of calls: nanoseconds per call, or bytes. */
export interface Sample {
  readonly median: number;
  readonly p99: number;
}

/**
 * One way to do the work of a comparison. It measures the time of each call, or the other quantity compared, itself.
 */
export interface Contestant {
  readonly name: string;
  readonly run: (calls: number) => Promise<Sample>;
  /** The process that it is measured in, if it can be started again. */
  readonly program?: { restart(): Promise<void> };
}

/** A contestant that cannot take part, and the reason. */
export interface Absentee {
  readonly name: string;
  readonly absent: string;
  /** True if the contestant is not at fault: nobody has to do anything. */
  readonly isExcused?: boolean;
}

export type Entry = Contestant | Absentee;

/** Result of calls that are made at the same time; latencies in microseconds. */
export interface Throughput {
  readonly perSecond: number;
  readonly median: number;
  readonly p99: number;
}

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
}

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

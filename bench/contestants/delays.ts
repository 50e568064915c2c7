/** Load of a process: none, calls on the calling thread, the same on worker threads, or calls of a network there. */
export type Load = "none" | "sync" | "async" | "cnn";

/** Durations, in milliseconds. */
export interface Milliseconds {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Responsiveness of a process under a load. */
export interface Delays {
  /** Time between two turns of a timer of 1 ms. */
  readonly delay: Milliseconds;
  /** Time to read a small file. */
  readonly read: Milliseconds;
}

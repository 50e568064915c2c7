/** What a process is busy with: nothing, or calls on the calling thread, or the same on worker threads, or a network's there. */
export type Load = "none" | "sync" | "async" | "cnn";

/** How long something took, in milliseconds. */
export interface Milliseconds {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** How responsive a process was under a load. */
export interface Delays {
  /** From one turn of a timer of 1 ms to the next. */
  readonly delay: Milliseconds;
  /** Of reading a small file. */
  readonly read: Milliseconds;
}

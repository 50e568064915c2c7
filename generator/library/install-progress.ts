/** How far an installation is. */
export interface Progress {
  /** What is being done: fetching the package, taking the libraries out of it, or trying whether they load. */
  readonly phase: "download" | "unpack" | "check";
  /** Bytes done in this phase. */
  readonly done: number;
  /** Bytes of this phase, where they are known. */
  readonly total: number | undefined;
}

/** Is told about progress, often. */
export type OnProgress = (progress: Progress) => void;

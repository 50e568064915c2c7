/** Progress of an installation. */
export interface Progress {
  /** The current phase: fetching the package, unpacking the libraries, or checking that they load. */
  readonly phase: "download" | "unpack" | "check";
  /** Bytes done in this phase. */
  readonly done: number;
  /** Total bytes of this phase, if known. */
  readonly total: number | undefined;
}

/** Called often with the progress. */
export type OnProgress = (progress: Progress) => void;

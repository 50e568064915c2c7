/** A small fault for the sources: `npm run mutants` injects it, and a test has to fail. */
export interface Fault {
  /** Kebab-case and unique, with the area in front: `call-shared-input-memory`. */
  readonly id: string;
  /** The source file, relative to the root of the repository. */
  readonly file: string;
  /** A piece of the source that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The effect that a user would notice. */
  readonly effect: string;
  /** The test files that are run first; the whole suite runs for a fault that survives them. */
  readonly tests: readonly string[];
}

import type { Form, Results, RunLimits, Targets } from "../engine.js";
import type { Flattened } from "../tensor/flatten.js";

/** Inputs that were checked, one per dense input; undefined where an optional one was omitted. */
export type Staged = readonly (Flattened | undefined)[];

/** A signature that can be run, whatever the engine. */
export interface Call {
  /** For messages: `train()`. */
  readonly name: string;
  /** True if it may change variables, or anything else that another call can see. */
  readonly writes: boolean;
  /**
   * Checks values. Elements of the result may be the caller's own arrays.
   *
   * @param values one per input, in argument order; undefined omits an optional input
   * @param mayReuse whether the result is used at once, so that the next call may write over it
   */
  stage(values: readonly unknown[], mayReuse: boolean): Staged;
  /**
   * Runs the signature on the calling thread.
   *
   * @param into checked by `targetsOf`
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE` where the engine is asynchronous only; `INVALID_RESULT` when a result
   * has another shape than its target
   */
  run<F extends Form>(staged: Staged, form: F, into?: Targets): Results<F>;
  /**
   * Runs the signature off the calling thread, at once. The inputs are read before this returns.
   *
   * @param isWanted returns false when the results are not needed any more, and need not be read
   */
  start<F extends Form>(
    staged: Staged,
    form: F,
    isWanted: () => boolean,
    into?: Targets,
    limits?: RunLimits,
  ): Promise<Results<F>>;
  /** Prepares the first run, so that it does not wait. */
  warmUp(): void;
}

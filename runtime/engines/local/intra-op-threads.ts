import { invalidOption, MAX_THREADS } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import { decode } from "../../saved-model/proto/decode.js";

/** Number that the first session of this thread was loaded with; 0 is TensorFlow's default. */
let made: number | undefined;

/**
 * Rejects numbers of threads that a session would not get. TensorFlow makes the intra-op threads when the first session
 * of the process is made, and ignores what later ones ask for; and it ends the process when it cannot make them.
 *
 * @param config the configuration for TensorFlow
 * @returns a function to be called when the session is open
 * @throws SavedModelError `INVALID_OPTION`
 */
export function requireIntraOpThreads(config: Uint8Array): () => void {
  const { interOpParallelismThreads: between, intraOpParallelismThreads: within } = decode("ConfigProto", config);
  if (within < 0 || within > MAX_THREADS) {
    throw invalidOption("load()", "intra_op_parallelism_threads of config", `from 0 to ${MAX_THREADS}`);
  }
  if (between > MAX_THREADS) {
    throw invalidOption("load()", "inter_op_parallelism_threads of config", `at most ${MAX_THREADS}`);
  }
  if (within !== 0 && made !== undefined && within !== made) {
    const had = made === 0 ? "none, which means as many as there are cores" : `${made}`;
    throw new SavedModelError(
      "INVALID_OPTION",
      `load(): intraOpThreads is ${within}, but the first load of this process asked for ${had}`,
      { fix: "TensorFlow makes these threads once per process: pass this option to the first load." },
    );
  }
  return () => {
    made ??= within;
  };
}

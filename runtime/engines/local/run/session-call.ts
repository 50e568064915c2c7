import type { CallInput } from "../../../call/signature-call.js";
import { SignatureCall } from "../../../call/signature-call.js";
import type { Engine, Results } from "../../../engine.js";
import type { TensorDescription } from "../../../saved-model/description.js";
import type { Session } from "../session.js";
import { LocalExecution } from "./local-execution.js";
import { threadPool } from "./thread-pool.js";

/** A call of operations that this package added to a graph. */
export class SessionCall {
  readonly #call: SignatureCall;

  constructor(session: Session, key: string, inputs: readonly CallInput[], outputs: readonly TensorDescription[]) {
    const engine: Engine = {
      source: session.directory,
      signatures: [],
      pool: threadPool,
      prepare: (signature) => new LocalExecution(session, signature),
      dispose: () => {},
    };
    this.#call = new SignatureCall(engine, key, inputs, outputs);
  }

  run(values: readonly unknown[], form: "tensors"): Results<"tensors"> {
    return this.#call.run(this.#call.stage(values, true), form);
  }
}

import { SavedModelError } from "../base/errors.js";
import { printable } from "../base/text.js";
import type { Engine } from "../engine.js";
import { type QueueOptions, ReadWriteQueue } from "../queue/read-write-queue.js";

/** A client's engine, with the queue of its asynchronous calls and the state of its lifetime. */
export class Connection {
  readonly engine: Engine;
  readonly queue: ReadWriteQueue;
  /** Set where a `using` declaration disposes the client. */
  isScopeEnded = false;
  #isDisposed = false;

  constructor(engine: Engine, options: QueueOptions = {}) {
    this.engine = engine;
    this.queue = new ReadWriteQueue(engine.pool, options);
  }

  get disposed(): boolean {
    return this.#isDisposed;
  }

  /**
   * @param call name of the call, for messages: `train()`
   * @throws SavedModelError `DISPOSED`
   */
  requireOpen(call: string): void {
    if (!this.#isDisposed) return;
    const fix =
      "The block with its `using` has ended; at the top level of a module, that is when the module has run. Declare it with `const` where it is called later, and dispose it when nothing calls it any more.";
    throw new SavedModelError("DISPOSED", `${call}: the model was disposed`, this.isScopeEnded ? { fix } : {});
  }

  /**
   * Returns an optional part of an engine.
   *
   * @throws SavedModelError `DISPOSED`; `UNSUPPORTED_BY_ENGINE`, or `NOT_FAKED` of a fake client
   */
  capability<Capability>(call: string, find: (engine: Engine) => Capability | undefined): Capability {
    this.requireOpen(call);
    const found = find(this.engine);
    if (found !== undefined) return found;
    const { engine } = this;
    throw (
      engine.unsupported?.(call) ??
      new SavedModelError("UNSUPPORTED_BY_ENGINE", `${call}: not supported for ${printable(engine.source)}`)
    );
  }

  /** Rejects waiting calls with `DISPOSED`, and disposes the engine when no call runs any more. Idempotent; never throws. */
  dispose(): void {
    this.#isDisposed = true;
    this.queue.close(new SavedModelError("DISPOSED", "the model was disposed before the call started"));
    this.queue.whenIdle(() => this.engine.dispose());
  }

  /** Accepts no more calls, and disposes the engine when those that were accepted have ended. Never rejects. */
  close(): Promise<void> {
    this.#isDisposed = true;
    return new Promise((resolve) => {
      this.queue.whenIdle(() => {
        this.queue.close(new SavedModelError("DISPOSED", "the model was disposed"));
        this.engine.dispose();
        resolve();
      });
    });
  }
}

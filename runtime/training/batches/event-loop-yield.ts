/** Maximum wait of the event loop in milliseconds, plus at most one step. */
const TURN = 8;

/** Yields to the event loop during long work on its thread. */
export class Turns {
  #ends = 0;

  /** True if others have waited for long enough. */
  get isDue(): boolean {
    return performance.now() > this.#ends;
  }

  /** Yields to the event loop. */
  async take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#ends = performance.now() + TURN;
  }
}

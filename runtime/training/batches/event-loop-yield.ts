/** How long the event loop waits, at most a step longer: milliseconds. */
const TURN = 8;

/** Gives the event loop its turns during long work on its thread. */
export class Turns {
  #ends = 0;

  /** Whether others have waited for long enough. */
  get isDue(): boolean {
    return performance.now() > this.#ends;
  }

  /** Lets others have the event loop. */
  async take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#ends = performance.now() + TURN;
  }
}

/** A run that takes longer than this, in milliseconds, is worth a worker thread. */
const SHORT_MS = 0.1;

/** Number of short runs on worker threads after which a signature counts as short. */
const PROVEN = 8;

/** Time in milliseconds that short runs may take of one turn of the event loop. */
const SLICE_MS = 1;

/**
 * Tells which asynchronous runs of a signature are so short that a worker thread would cost the event loop more than the run
 * itself: the way there and back takes tens of microseconds. Only measured runs count, of at least the same size.
 */
export class ShortRuns {
  #size = 0;
  #score = 0;
  /** True while runs are made on the calling thread. */
  #isHere = false;

  /** @param size bytes of the inputs */
  isShort(size: number): boolean {
    return this.#isHere && size <= this.#size;
  }

  /** Notes how long a run on a worker thread took, including the way there and back. */
  noteOnWorker(size: number, durationMs: number): void {
    const isShort = durationMs <= SHORT_MS;
    // Beside long runs, or of a larger size: it tells nothing about those that are made here.
    if (this.#isHere && !(isShort && size > this.#size)) return;
    if (!isShort) {
      this.#score = Math.max(0, this.#score - 1);
    } else if (size > this.#size) {
      this.#size = size;
      this.#score = 1;
    } else {
      this.#score = Math.min(PROVEN, this.#score + 1);
    }
    this.#isHere = this.#score === PROVEN;
  }

  /** Notes how long a run on the calling thread took. A few may have been interrupted by other programs. */
  noteHere(durationMs: number): void {
    spent += durationMs;
    const strikes = durationMs <= SHORT_MS ? -1 : durationMs <= SLICE_MS ? 2 : 4;
    this.#score = Math.max(0, Math.min(PROVEN, this.#score - strikes));
    this.#isHere = this.#score > 0;
  }
}

/** Time in milliseconds that short runs took in this turn of the event loop. */
let spent = 0;
let nextTurn: Promise<void> | undefined;

/**
 * Waits for the next turn of the event loop where short runs have taken their share of this one. A program that awaits one
 * short call after another would otherwise never let timers and sockets have their turn.
 */
export function waitForSlice(): Promise<void> | undefined {
  nextTurn ??= new Promise((resolve) => {
    setImmediate(() => {
      spent = 0;
      nextTurn = undefined;
      resolve();
    });
  });
  return spent < SLICE_MS ? undefined : nextTurn;
}

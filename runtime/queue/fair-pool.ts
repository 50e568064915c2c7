import type { Pool, Waiting } from "../engine.js";

/** A pool whose places go to those who wait in turn, one run at a time: no model keeps the others from theirs. */
export class FairPool implements Pool {
  readonly #capacity: () => number;
  readonly #waiting: Set<Waiting> = new Set();
  #running = 0;

  /** @param capacity returns the maximum number of concurrent runs */
  constructor(capacity: () => number) {
    this.#capacity = capacity;
  }

  get capacity(): number {
    return this.#capacity();
  }

  get hasRoom(): boolean {
    return this.#running < this.capacity;
  }

  take(): void {
    this.#running++;
  }

  giveBack(): void {
    this.#running--;
    this.#startWaiting();
  }

  wait(who: Waiting): void {
    this.#waiting.add(who);
    this.#startWaiting();
  }

  #startWaiting(): void {
    // Each pass starts at most one run of each waiting model, so that none keeps the others from their turn.
    for (let started = true; started && this.hasRoom; ) {
      started = false;
      for (const who of this.#waiting) {
        if (!this.hasRoom) return;
        if (!who.startNext()) {
          if (!who.isWaiting) this.#waiting.delete(who);
          continue;
        }
        started = true;
        // To the end of the line.
        this.#waiting.delete(who);
        if (who.isWaiting) this.#waiting.add(who);
        break;
      }
    }
  }
}

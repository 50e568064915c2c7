import type { Regression } from "./generated/regression.js";

/**
 * The model that requests are answered with. It can be replaced while it is in use: a call takes the client that is
 * served at that moment, and the one before is closed when its last call has ended.
 */
export class ServedModel {
  readonly #load: () => Regression;
  #client: Regression;
  #reloads = 0;

  /** @throws SavedModelError when the model cannot be loaded */
  constructor(load: () => Regression) {
    this.#load = load;
    this.#client = this.#open();
  }

  /** To be asked for at each call, never to be kept. */
  get client(): Regression {
    return this.#client;
  }

  get isOpen(): boolean {
    return !this.#client.disposed;
  }

  get reloads(): number {
    return this.#reloads;
  }

  /**
   * Loads the model again, and serves it from then on. While it is loaded, which is synchronous, requests wait.
   *
   * @returns when the calls of the old model have ended
   * @throws SavedModelError when the new one cannot be loaded, or cannot be called; the old one is served on
   */
  async reload(): Promise<void> {
    const fresh = this.#open();
    const old = this.#client;
    this.#client = fresh;
    this.#reloads++;
    await old.close();
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #open(): Regression {
    const client = this.#load();
    try {
      // The first request shall not wait for what TensorFlow prepares, nor find out that it fails.
      client.warmUp("pred");
      return client;
    } catch (error) {
      client.dispose();
      throw error;
    }
  }
}

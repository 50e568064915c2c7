import { setTimeout as wait } from "node:timers/promises";

/** What ends a training early, and what a shell calls a program that this signal ended: 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type SignalName = keyof typeof EXIT_CODES;

const NAMES = Object.keys(EXIT_CODES) as readonly SignalName[];

/** Some versions of npx pass on a Ctrl+C that the terminal has sent to everyone: one wish, and two signals. Milliseconds. */
const ONE_WISH = 200;

/**
 * The wish to end a training, by Ctrl+C or SIGTERM. A second one, a moment later, is the system's, and ends the process.
 *
 * SIGHUP is no such wish: the terminal was closed, or the connection to it was lost, and a training that takes hours goes on
 * to its end. `nohup` does not see to it, since Node.js takes back what it ignores.
 */
export class Interrupt {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;
  #moment: Promise<void> = Promise.resolve();

  constructor() {
    for (const name of NAMES) process.on(name, this.#onSignal);
    process.on("SIGHUP", goOn);
  }

  /** Aborted by the first one. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code of a process that was asked to end; undefined for one that was not. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Waits for the moment in which signals are one wish. */
  async settle(): Promise<void> {
    await this.#moment;
    this.#release();
  }

  /** Gives the signals back to the system. */
  dispose(): void {
    this.#release();
    process.off("SIGHUP", goOn);
  }

  #release(): void {
    for (const name of NAMES) process.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: SignalName): void => {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = EXIT_CODES[name];
    this.#moment = wait(ONE_WISH).then(() => this.#release());
    this.#controller.abort();
  };
}

/** Does nothing: that there is a listener keeps the signal from ending the process. */
function goOn(): void {}

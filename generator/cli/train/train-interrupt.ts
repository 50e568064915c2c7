import { setTimeout as wait } from "node:timers/promises";

/** Signals that end a training early, with the exit code that a shell uses for each: 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type SignalName = keyof typeof EXIT_CODES;

const NAMES = Object.keys(EXIT_CODES) as readonly SignalName[];

/**
 * Milliseconds within which signals count as one: some versions of npx pass on a Ctrl+C that the terminal sent to
 * everyone.
 */
const ONE_WISH = 200;

/**
 * Handles Ctrl+C and SIGTERM, which end a training. A second one, a moment later, has its default effect and ends the
 * process.
 *
 * SIGHUP is ignored: the terminal was closed, or the connection to it was lost, and a training that takes hours
 * continues to its end. `nohup` does not suffice, since Node.js resets the signals that it ignores.
 */
export class Interrupt {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;
  #moment: Promise<void> = Promise.resolve();

  constructor() {
    for (const name of NAMES) process.on(name, this.#onSignal);
    process.on("SIGHUP", goOn);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code of an interrupted process; undefined for any other. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Waits until further signals no longer count as the same one. */
  async settle(): Promise<void> {
    await this.#moment;
    this.#release();
  }

  /** Restores the default effect of the signals. */
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

/** Does nothing: its registration keeps the signal from ending the process. */
function goOn(): void {}

import sparkly from "sparkly";

/** A progress line: redrawn in place on a terminal, a plain line for every tenth part elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #started: number = performance.now();

  constructor(total: number) {
    this.#total = total;
  }

  update(step: number, text: string): void {
    const line = `epoch ${String(step).padStart(String(this.#total).length)}/${this.#total}  ${text}`;
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${line}`);
    else if (step % Math.ceil(this.#total / 10) === 0) console.log(line);
  }

  end(): void {
    if (process.stdout.isTTY) process.stdout.write("\n");
    console.log(`${((performance.now() - this.#started) / 1000).toFixed(2)} s`);
  }
}

/** The newest loss, and a sparkline of all of them. */
export function lossLine(losses: readonly number[]): string {
  const width = 30;
  const step = Math.max(1, losses.length / width);
  const shown = Array.from(
    { length: Math.min(width, losses.length) },
    (_, index) => losses[Math.floor(index * step)] ?? 0,
  );
  return `loss ${losses.at(-1)?.toExponential(2)}  ${sparkly([...shown])}`;
}

import type { TensorDescription } from "../description.js";
import { SavedModelError } from "../errors.js";
import type { Method } from "../methods.js";
import type { Metrics } from "./events.js";

/** A scalar output, by its place among the results. */
interface ScalarOutput {
  readonly place: number;
  readonly name: string;
}

/** Which outputs of a signature are metrics: the scalar numbers. */
export class MetricOutputs {
  readonly names: readonly string[];
  readonly #outputs: readonly ScalarOutput[];

  /** @throws SavedModelError `NOT_TRAINABLE` when there are none */
  constructor(name: string, { outputs, properties }: Method) {
    this.#outputs = outputs.flatMap((output, place) =>
      isScalarNumber(output) ? [{ place, name: properties?.[place] ?? output.key }] : [],
    );
    this.names = this.#outputs.map((output) => output.name);
    if (this.names.length > 0) return;
    throw new SavedModelError("NOT_TRAINABLE", `${name} has no scalar output that could tell how the training goes`, {
      fix: "Export the loss as an output of the signature, reduced to a scalar.",
    });
  }

  /** The scalar numbers among plain results. */
  read(results: readonly unknown[]): Metrics {
    return Object.fromEntries(this.#outputs.map(({ place, name }) => [name, Number(results[place])]));
  }

  /** The first metric of plain results that is NaN or infinite. */
  findBroken(results: readonly unknown[]): { readonly name: string; readonly value: number } | undefined {
    for (const { place, name } of this.#outputs) {
      const value = Number(results[place]);
      if (!Number.isFinite(value)) return { name, value };
    }
    return undefined;
  }

  /** Adds plain results, weighted by rows, to sums in the order of the names. */
  addTo(sums: Float64Array, results: readonly unknown[], rows: number): void {
    for (let index = 0; index < this.#outputs.length; index++) {
      const place = this.#outputs[index]?.place ?? 0;
      sums[index] = (sums[index] ?? 0) + Number(results[place]) * rows;
    }
  }

  /** The means of such sums. */
  means(sums: Float64Array, rows: number): Metrics {
    return Object.fromEntries(this.names.map((name, index) => [name, (sums[index] ?? 0) / rows]));
  }
}

function isScalarNumber({ shape, dtype }: TensorDescription): boolean {
  return shape?.length === 0 && /^(b?float|u?int)\d+$/.test(dtype);
}

import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import type { Method } from "../../client/methods.js";
import type { TensorInfo } from "../../saved-model/signature-info.js";
import type { Metrics } from "../records/events.js";

/** A scalar output, by its index among the results. */
interface ScalarOutput {
  readonly place: number;
  readonly name: string;
}

/** Totals that the metrics of an epoch are computed from, in the order of their names. */
export interface MetricTotals {
  readonly sums: Float64Array;
  readonly last: Float64Array;
  rows: number;
}

/** Outputs of a signature that are metrics: the scalar numbers. */
export class MetricOutputs {
  readonly names: readonly string[];
  readonly #outputs: readonly ScalarOutput[];
  /** By index among the metrics: true if its value is of all steps since it was reset, and not of one. */
  #isRunning: readonly boolean[] = [];

  /**
   * @param use of the metrics, for messages
   * @throws SavedModelError `NOT_TRAINABLE` when there are none
   */
  constructor(name: string, { outputs, properties }: Method, use: "train" | "measure") {
    this.#outputs = outputs.flatMap((output, place) =>
      isScalarNumber(output) ? [{ place, name: properties?.[place] ?? output.key }] : [],
    );
    this.names = this.#outputs.map((output) => output.name);
    if (this.names.length > 0) return;
    const isTrained = use === "train";
    throw new SavedModelError("NOT_TRAINABLE", `${name} has no scalar output${isTrained ? ", such as its loss" : ""}`, {
      fix: isTrained
        ? "Export the loss as an output of the signature, reduced to a scalar."
        : "Pass a signature that returns metrics as scalars, such as `model.evaluate`.",
    });
  }

  /** Returns the name of the metric that is this output of the signature, if it is one. */
  nameAt(place: number): string | undefined {
    return this.#outputs.find((output) => output.place === place)?.name;
  }

  /** Sets which outputs are running values, by their indices among the outputs of the signature. */
  setRunning(places: readonly number[]): void {
    this.#isRunning = this.#outputs.map(({ place }) => places.includes(place));
  }

  /** Returns the scalar numbers among plain results. */
  read(results: readonly unknown[]): Metrics {
    return Object.fromEntries(this.#outputs.map(({ place, name }) => [name, Number(results[place])]));
  }

  /** Returns the first metric of plain results that is NaN or infinite. */
  findBroken(results: readonly unknown[]): { readonly name: string; readonly value: number } | undefined {
    for (const { place, name } of this.#outputs) {
      const value = Number(results[place]);
      if (!Number.isFinite(value)) return { name, value };
    }
    return undefined;
  }

  /** Begins an epoch, or a validation. */
  newTotals(): MetricTotals {
    return { sums: new Float64Array(this.#outputs.length), last: new Float64Array(this.#outputs.length), rows: 0 };
  }

  /** Adds plain results, weighted by rows. */
  addTo(totals: MetricTotals, results: readonly unknown[], rows: number): void {
    const { sums, last } = totals;
    totals.rows += rows;
    for (const [index, { place }] of this.#outputs.entries()) {
      const value = Number(results[place]);
      sums[index] = itemAt(sums, index) + value * rows;
      last[index] = value;
    }
  }

  /** Returns the mean of each metric, weighted by rows; of a running one, its last value. */
  valuesOf({ sums, last, rows }: MetricTotals): Metrics {
    return Object.fromEntries(
      this.names.map((name, index) => {
        const value = this.#isRunning[index] === true ? itemAt(last, index) : itemAt(sums, index) / rows;
        return [name, value];
      }),
    );
  }
}

function isScalarNumber({ shape, dtype }: TensorInfo): boolean {
  return shape?.length === 0 && /^(b?float|u?int)\d+$/.test(dtype);
}

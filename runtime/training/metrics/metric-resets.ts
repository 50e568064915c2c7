import { SavedModelError } from "../../base/errors.js";
import { printable, quote } from "../../base/text.js";
import { type BoundMethod, boundMethod } from "../../client/bound-methods.js";
import { runBatch } from "../batches/run-batch.js";
import type { ResetMethod } from "../options/fit-options.js";
import type { MetricOutputs } from "./metric-outputs.js";
import { metricStateOf, type RunningOutput } from "./metric-state.js";

const NOTHING = { values: [], rows: 0 } as const;

/** A signature whose metrics are read. */
export interface Measuring {
  readonly bound: BoundMethod;
  readonly metrics: MetricOutputs;
}

/** Signatures that reset the metrics of a training, and the metrics that they do not reset. */
export class MetricResets {
  readonly #resets: readonly BoundMethod[];
  /** Notes on the resets found and the metrics that are not reset, in sentences. */
  readonly notes: readonly string[];
  /** Metrics of each signature that should be reset, but are not. */
  readonly #unreset: ReadonlyMap<Measuring, readonly string[]>;

  /**
   * Sets which metrics of each signature are running values.
   *
   * @param call for messages: `fit()`
   * @param given the option: the methods that reset, false for none, undefined for those found in the graph
   * @throws SavedModelError `INVALID_OPTION` for a value that is not a method of the same model without inputs
   */
  constructor(
    call: string,
    given: false | ResetMethod | readonly ResetMethod[] | undefined,
    all: readonly Measuring[],
  ) {
    const first = all[0]?.bound;
    const list = given === undefined || given === false ? [] : [given].flat();
    const explicit = list.map((method) => requireReset(call, method, first));
    const found = all.map((measuring) => ({ measuring, running: runningOf(measuring) }));
    const state = first && metricStateOf(first.calls);
    const needed = new Set(found.flatMap(({ running }) => running.flatMap(({ measures }) => measures)));
    const setBy = (key: string): readonly string[] => (first && state?.sets(first.calls.method(key))) ?? [];
    const implicit =
      given !== undefined || first === undefined || needed.size === 0
        ? []
        : (state?.resets() ?? []).filter((key) => setBy(key).some((node) => needed.has(node)));
    this.#resets = [...explicit, ...implicit.map((key) => ({ ...(first as BoundMethod), key }))];
    const set = new Set(this.#resets.flatMap(({ key }) => setBy(key)));
    const notes = implicit.map(
      (key) => `${printable(key)}() is called before each epoch and each validation, to reset metrics`,
    );
    const unreset = new Map<Measuring, readonly string[]>();
    for (const { measuring, running } of found) {
      const { metrics, bound } = measuring;
      const left = running.flatMap(({ place, measures }) => {
        const [node] = measures.filter((each) => !set.has(each));
        const name = metrics.nameAt(place);
        return node === undefined || name === undefined ? [] : [{ name, variable: state?.nameOf(node) ?? node }];
      });
      metrics.setRunning(running.map(({ place }) => place));
      if (given === false || left.length === 0) continue;
      unreset.set(
        measuring,
        left.map(({ name }) => name),
      );
      for (const { name, variable } of left) {
        notes.push(
          `${quote(name)} of ${printable(bound.key)}() is not of one epoch: it accumulates, because nothing resets the variable ` +
            quote(variable),
        );
      }
    }
    this.notes = notes;
    this.#unreset = unreset;
  }

  /** Returns the metrics of a signature that should be reset, but are not. */
  unresetOf(measuring: Measuring): readonly string[] {
    return this.#unreset.get(measuring) ?? [];
  }

  /** Resets all metrics. */
  async run(worker: boolean | undefined): Promise<void> {
    for (const bound of this.#resets) await runBatch(bound, bound.calls.method(bound.key), NOTHING, worker);
  }
}

function runningOf({ bound: { calls, key }, metrics }: Measuring): readonly RunningOutput[] {
  const running = metricStateOf(calls)?.running(calls.method(key)) ?? [];
  return running.filter(({ place }) => metrics.nameAt(place) !== undefined);
}

function requireReset(call: string, method: unknown, of: BoundMethod | undefined): BoundMethod {
  const bound = boundMethod(method);
  const invalid = (what: string): SavedModelError =>
    new SavedModelError(
      "INVALID_OPTION",
      `${call}: resetMetrics must be methods of the model that is trained, ${what}`,
      {
        fix: "Pass a signature that takes no inputs and resets the metrics: `resetMetrics: model.resetMetrics`.",
      },
    );
  if (bound === undefined) throw invalid("got something else");
  if (bound.model !== of?.model) throw invalid(`got ${printable(bound.key)}() of another one`);
  const required = bound.calls.method(bound.key).inputs.find(({ optional }) => optional !== true);
  if (required === undefined) return bound;
  throw invalid(`and take no inputs: ${printable(bound.key)}() has ${quote(required.key)}`);
}

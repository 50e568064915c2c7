import { authoredModel } from "../contestants/authored.js";
import type { CallCase } from "../contestants/case.js";
import { compileClient } from "../contestants/client.js";
import type { BenchOptions } from "../options.js";
import { isWanted } from "../options.js";
import type { Workplace } from "../workplace.js";
import { C_BASELINES, entrantsWith, onnxEntrants, type PlannedCalls, startCalls, usualEntrants } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

/** A network of bench/python/author.py. */
interface Network {
  readonly name: string;
  readonly title: string;
  /** Number of images in a call. */
  readonly batches: readonly number[];
}

/** Compares networks of a practical size, where nearly all of a call is TensorFlow's own work. */
export const networks: Suite = async function* (workplace, options) {
  yield* comparisons(workplace, options, { name: "cnn", title: "a small convolutional network", batches: [1, 32] });
  yield* comparisons(workplace, options, { name: "mobilenet", title: "MobileNetV2", batches: [1, 32] });
};

async function* comparisons(
  workplace: Workplace,
  options: BenchOptions,
  network: Network,
): ReturnType<typeof startCalls> {
  const plan = network.batches
    .map((batch) => planned(network, batch, options))
    .filter(({ name }) => isWanted(name, options.only));
  if (plan.length === 0) return;
  const { name } = network;
  const model = authoredModel(workplace, name);
  if ("absent" in model) {
    for (const { entrants, ...comparison } of plan) {
      yield { ...comparison, entries: entrants.map(({ name }) => ({ name, ...model })) };
    }
    return;
  }
  compileClient(workplace, name, "Network", model.directory);
  yield* startCalls(workplace, { directory: model.directory, client: name }, plan);
}

/** Measures the cost of keeping the event loop free. */
function asynchronous(kase: CallCase): PlannedCalls["entrants"][number] {
  return {
    caller: "client",
    name: "savedmodel, async",
    kase: { ...kase, name: `${kase.name}/async`, manner: "awaited" },
  };
}

function planned({ name, title }: Network, batch: number, options: BenchOptions): PlannedCalls {
  const kase = { name: `${name}/${batch}`, signature: "predict", size: batch, isRandom: true };
  return {
    name: kase.name,
    title: `${title}, ${batch === 1 ? "one image" : `${batch} images`}`,
    baselines: C_BASELINES,
    // Rounds and processes enough to tell 2 %: the interval of the ratio shows it.
    pace: paceOf(
      options,
      options.quick
        ? { minimumCalls: 1 }
        : { rounds: 28, roundMs: 100, warmUpMs: 300, minimumCalls: 1, restartAfter: 4 },
    ),
    entrants: [
      ...usualEntrants(kase),
      ...(batch === 1 ? [asynchronous(kase)] : []),
      ...entrantsWith("one intra-op thread", kase),
      ...onnxEntrants(kase),
    ],
  };
}

import { authoredModel } from "../contestants/authored.js";
import type { CallCase } from "../contestants/case.js";
import { compileClient } from "../contestants/client.js";
import type { BenchOptions } from "../options.js";
import { isWanted } from "../options.js";
import type { Workplace } from "../workplace.js";
import { type PlannedCalls, startCalls } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

const RUNTIME_OPTIONS = "C, the runtime's options";

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
  // Takes up to a second for a batch.
  const batches = options.quick ? [1] : [1, 32];
  yield* comparisons(workplace, options, { name: "mobilenet", title: "MobileNetV2", batches });
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
    baseline: RUNTIME_OPTIONS,
    pace: paceOf(options, batch === 1 ? {} : { rounds: options.quick ? 3 : 5, minimumCalls: 1 }),
    entrants: [
      { caller: "c", name: RUNTIME_OPTIONS, kase },
      { caller: "cDefault", name: "C, default options", kase },
      { caller: "client", name: "savedmodel", kase },
      ...(batch === 1 ? [asynchronous(kase)] : []),
      { caller: "python", name: "Python, loaded.signatures", kase },
    ],
  };
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cluster } from "../../../../runtime/engines/cluster/index.js";
import { startCluster, type TestCluster } from "../../../support/servers/cluster-server.js";
import { compareGoldens } from "../../../support/servers/golden-calls.js";
import { isolateNetwork } from "../../../support/servers/own-network.js";

let servers: TestCluster;

beforeAll(async () => {
  isolateNetwork();
  servers = await startCluster({ ps: 1, worker: 1 });
}, 300_000);

afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

const MODELS = [
  "arguments",
  "composite",
  "contradictions",
  "counter",
  "custom_model",
  "dtypes",
  "effects",
  "example",
  "keras3",
  "keras3_inputs",
  "keras3_saved",
  "keras3_tracked",
  "metrics",
  "names",
  "optimizers",
  "regression",
  "spin",
  "text",
];

const PLACEMENTS = { "on one task": {}, "with variables on another task": { variables: "ps:0" } };

describe.each(Object.entries(PLACEMENTS))(
  "a cluster returns the numbers of TensorFlow in Python, %s",
  (_, placement) => {
    it.each(MODELS)(
      "%s",
      async (model) => {
        const compared = await compareGoldens(model, async () => ({
          engine: cluster({ url: servers.task("worker:0").url, state: "private", placement }),
          end: async () => {},
        }));
        expect(compared).toBeGreaterThan(0);
      },
      120_000,
    );
  },
);

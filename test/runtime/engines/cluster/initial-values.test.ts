import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type ClusterOptions, cluster } from "../../../../runtime/engines/cluster/index.js";
import { RaggedTensor, SparseTensor, type Tensor } from "../../../../runtime/index.js";
import { AnyClient } from "../../../support/servers/any-client.js";
import { startCluster, type TestCluster } from "../../../support/servers/cluster-server.js";
import { isolateNetwork } from "../../../support/servers/own-network.js";

/** A model or checkpoint that Python wrote: see the scripts beside it. */
function written(path: string): string {
  return fileURLToPath(new URL(`../graph/${path}`, import.meta.url));
}

interface Answer {
  readonly signature: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const answers: Readonly<Record<string, readonly Answer[]>> = JSON.parse(
  readFileSync(written("loads/values.json"), "utf8"),
);

let servers: TestCluster;

beforeAll(async () => {
  isolateNetwork();
  servers = await startCluster({ ps: 1, worker: 1 });
});

afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

let tests = 0;

async function connect(path: string, options: Partial<ClusterOptions> = {}): Promise<AnyClient> {
  const tags = path.includes("hub") ? [] : ["serve"];
  const url = servers.task("worker:0").url;
  const engine = cluster({ url, state: "restore", container: `test-${tests++}`, ...options });
  const client = await AnyClient.connect(written(path), engine, tags);
  onTestFinished(() => client.close());
  return client;
}

/** Results as nested arrays of numbers and strings; a sparse one as a dense matrix of two columns. */
function plain(value: unknown): unknown {
  if (value instanceof RaggedTensor) return value.toArray();
  if (!(value instanceof SparseTensor)) return (value as Tensor).toArray();
  const [rows = 0, columns = 0] = value.shape;
  const dense = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const places = [...value.indices.data].map(Number);
  for (const [index, element] of [...(value.values as Tensor<"float32">).data].entries()) {
    const row = dense[places[2 * index] ?? -1];
    if (row !== undefined) row[places[2 * index + 1] ?? -1] = element;
  }
  return dense;
}

function expectClose(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    for (const [index, element] of expected.entries()) expectClose((actual as readonly unknown[])[index], element);
  } else if (typeof expected === "number") {
    expect(Math.abs(Number(actual) - expected)).toBeLessThan(1e-4);
  } else {
    expect(actual).toEqual(expected);
  }
}

describe.each([
  ["on one task", {}],
  ["with variables on another task", { placement: { variables: "ps:0" } }],
])("values that TensorFlow's loader does not restore, %s", (_, options) => {
  it.each(Object.keys(answers).filter((name) => existsSync(written(`loads/${name}`))))(
    "a client that attaches has those of %s",
    async (name) => {
      const container = `test-${tests++}`;
      await connect(`loads/${name}`, { ...options, container });
      const client = await connect(`loads/${name}`, { ...options, container, state: "attach" });
      for (const { signature, inputs, outputs } of answers[name] ?? []) {
        const results = await client.runAsync(signature, inputs);
        expect(Object.keys(results).sort()).toEqual(Object.keys(outputs).sort());
        for (const [key, expected] of Object.entries(outputs)) expectClose(plain(results[key]), expected);
      }
    },
  );
});

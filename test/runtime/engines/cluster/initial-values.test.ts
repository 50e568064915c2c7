import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type ClusterOptions, cluster } from "../../../../runtime/engines/cluster/index.js";
import {
  Model,
  type ModelVariable,
  RaggedTensor,
  type SavedModelError,
  SparseTensor,
  type Tensor,
} from "../../../../runtime/index.js";
import { expectRejection } from "../../../support/errors.js";
import { AnyClient } from "../../../support/servers/any-client.js";
import { startCluster, type TestCluster } from "../../../support/servers/cluster-server.js";
import { isolateNetwork } from "../../../support/servers/own-network.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

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
  const client = await AnyClient.connect(isAbsolute(path) ? path : written(path), engine, tags);
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

it("tables are there again after the restart of a server, without being asked for", async () => {
  await using own = await startCluster({ worker: 1 });
  const client = await connect("loads/tables", { url: own.task("worker:0").url, retries: 0 });
  await own.task("worker:0").kill();
  await own.restart("worker:0");
  const [answer] = answers.tables ?? [];
  const call = async (): Promise<Readonly<Record<string, unknown>> | undefined> =>
    await client.runAsync(answer?.signature ?? "", answer?.inputs).catch((error: unknown) => {
      // Until the connection is back.
      expect((error as SavedModelError).code).toBe("TF_UNAVAILABLE");
      return undefined;
    });
  let results = await call();
  while (results === undefined) results = await call();
  for (const [key, expected] of Object.entries(answer?.outputs ?? {})) expectClose(plain(results[key]), expected);
});

describe("checkpoints with other keys", () => {
  it.each([
    ["regression", "checkpoints/itself-1", false],
    ["regression", "checkpoints/attribute", false],
    ["regression", "checkpoints/attribute", true],
    ["loads/keras2", "loads/keras2-weights", true],
    ["regression", "loads/part", true],
    ["checkpoints/votes", "checkpoints/votes-attribute", false],
    ["checkpoints/votes", "checkpoints/votes-attribute", true],
  ])("%s is restored from %s as in process, partially: %s", async (name, path, partial) => {
    const model = name.includes("/") ? written(name) : modelFolder(name);
    const valuesOf = (variables: readonly ModelVariable[] = []): readonly unknown[] =>
      variables.map(({ name, value }) => [name, value?.toArray()]);
    using local = Model.load(model);
    const client = await connect(model);
    const expected = local.restore(written(path), { partial });
    expect(await client.remote?.restore(written(path), { partial })).toEqual(expected);
    expect(valuesOf(await client.remote?.variables())).toEqual(valuesOf(local.variables()));
    if (!name.endsWith("votes")) return;
    const names = { names: ["ann", "bob", "eve"] };
    const [found, own] = [await client.runAsync("count", names), local.run("count", names)];
    expect(Object.values(found).map(plain)).toEqual(Object.values(own).map(plain));
  });

  it("are rejected when they are damaged, before anything changes", async () => {
    const folder = tempFolder();
    for (const file of ["itself-1.index", "itself-1.data-00000-of-00001"]) {
      copyFileSync(written(`checkpoints/${file}`), join(folder, file));
    }
    const client = await connect(modelFolder("regression"));
    const before = JSON.stringify(
      (await client.remote?.variables())?.map(({ value }) => value?.toArray()),
      print,
    );
    const restore = async (): Promise<unknown> => await client.remote?.restore(join(folder, "itself-1"));
    const data = readFileSync(join(folder, "itself-1.data-00000-of-00001"));
    data[3] = (data[3] ?? 0) ^ 1;
    writeFileSync(join(folder, "itself-1.data-00000-of-00001"), data);
    await expectRejection(restore(), "RESTORE_FAILED");
    writeFileSync(join(folder, "itself-1.index"), "not an index");
    const error = await expectRejection(restore(), "RESTORE_FAILED");
    expect(error.rawMessage).toContain("no variable was changed");
    const after = JSON.stringify(
      (await client.remote?.variables())?.map(({ value }) => value?.toArray()),
      print,
    );
    expect(after).toBe(before);
  });
});

function print(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

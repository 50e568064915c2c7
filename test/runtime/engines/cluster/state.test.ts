import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Counter } from "../../../../generated/counter.js";
import { CustomModel } from "../../../../generated/custom-model.js";
import { Regression } from "../../../../generated/regression.js";
import { Sentences } from "../../../../generated/sentences.js";
import { type ClusterOptions, cluster, type RequestEvent } from "../../../../runtime/engines/cluster/index.js";
import { fit, type ModelVariable } from "../../../../runtime/index.js";
import { expectRejection } from "../../../support/errors.js";
import { startCluster, type TestCluster } from "../../../support/servers/cluster-server.js";
import { isolateNetwork } from "../../../support/servers/own-network.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

let servers: TestCluster;

beforeAll(async () => {
  isolateNetwork();
  servers = await startCluster({ ps: 1, worker: 2 });
});

afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

type Client = Awaited<ReturnType<typeof CustomModel.connect>>;

let tests = 0;

/** Returns a function that connects clients whose variables no other test sees. */
function newConnect(): (options?: Partial<ClusterOptions>) => Promise<Client> {
  const container = `test-${tests++}`;
  return async (options) => {
    const url = servers.task("worker:0").url;
    const client = await CustomModel.connect(cluster({ url, container, ...options }));
    onTestFinished(() => client.close());
    return client;
  };
}

const X = [[1, 2]];
const Y = [[3]];

function valuesOf(variables: readonly ModelVariable[]): readonly unknown[] {
  return variables.map(({ name, value }) => [name, value?.toArray()]);
}

describe("the state of a cluster", () => {
  it("rejects a client that attaches before any client has restored, and says what to do", async () => {
    const connect = newConnect();
    const error = await expectRejection(connect(), "VARIABLES_NOT_FOUND");
    expect(error.rawMessage).toMatch(
      /^CustomModel\.connect\(\): grpc:\/\/127\.0\.0\.1:\d+ has no value for the variable "sgd\/learning_rate", the variable /,
    );
    expect(error.fix).toContain('state: "restore"');
    await connect({ state: "restore" });
    await connect();
  });

  it("is shared by its clients: attaching does not reset it, restoring does", async () => {
    const connect = newConnect();
    const first = await connect({ state: "restore" });
    const before = (await first.pred(X)).toArray();
    await first.train(X, Y);
    const trained = (await first.pred(X)).toArray();
    expect(trained).not.toEqual(before);
    const second = await connect();
    expect((await second.pred(X)).toArray()).toEqual(trained);
    await second.train(X, Y);
    expect((await first.pred(X)).toArray()).not.toEqual(trained);
    await connect({ state: "restore" });
    expect((await first.pred(X)).toArray()).toEqual(before);
    expect((await second.pred(X)).toArray()).toEqual(before);
  });

  it("is not changed by a client with private variables, nor seen by it", async () => {
    const connect = newConnect();
    const shared = await connect({ state: "restore" });
    await shared.train(X, Y);
    const trained = (await shared.pred(X)).toArray();
    const alone = await connect({ state: "private" });
    const other = await connect({ state: "private" });
    const fresh = (await alone.pred(X)).toArray();
    expect(fresh).not.toEqual(trained);
    await alone.train(X, Y);
    expect((await shared.pred(X)).toArray()).toEqual(trained);
    expect((await other.pred(X)).toArray()).toEqual(fresh);
  });

  it("is apart in each container", async () => {
    const [one, two] = [newConnect(), newConnect()];
    const first = await one({ state: "restore" });
    const second = await two({ state: "restore" });
    await first.train(X, Y);
    expect((await first.pred(X)).toArray()).not.toEqual((await second.pred(X)).toArray());
  });

  it("belongs to the graph by default: a client of another one does not find it", async () => {
    const url = servers.task("worker:0").url;
    const client = await CustomModel.connect(cluster({ url, state: "restore" }));
    onTestFinished(() => client.close());
    const same = await CustomModel.connect(cluster({ url }));
    onTestFinished(() => same.close());
    await expectRejection(Regression.connect(cluster({ url })), "VARIABLES_NOT_FOUND");
  });

  it("is trained as in process", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    using local = CustomModel.load();
    for (let step = 0; step < 10; step++) {
      const expected = local.train(X, Y);
      expect(Math.abs((await client.train(X, Y)) - expected)).toBeLessThan(1e-5 * Math.abs(expected));
    }
    const [expected = 0] = local.pred(X).data;
    const [found = 0] = (await client.pred(X)).data;
    expect(Math.abs(found - expected)).toBeLessThan(1e-5);
  });

  it("keeps the order of the calls of a client, one that changes variables at a time", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    using local = CustomModel.load();
    const expected = [local.pred(X), local.train(X, Y), local.train(X, Y), local.pred(X)];
    const found = await Promise.all([client.pred(X), client.train(X, Y), client.train(X, Y), client.pred(X)]);
    const numberOf = (value: unknown): number =>
      Number(typeof value === "number" ? value : (value as { readonly data: readonly number[] }).data[0]);
    for (const [index, value] of expected.entries()) {
      expect(Math.abs(numberOf(found[index]) - numberOf(value))).toBeLessThan(1e-5);
    }
  });

  it("has the tables and vocabularies of its model, for each of its clients", async () => {
    const container = `test-${tests++}`;
    const url = servers.task("worker:0").url;
    using local = Sentences.load();
    const texts = ["a wonderful film", "dull and far too long", "qwertyuiop"];
    const expected = local.classify(texts);
    for (const state of ["restore", "attach", "private"] as const) {
      const client = await Sentences.connect(cluster({ url, container, state }));
      onTestFinished(() => client.close());
      const found = await client.classify(texts);
      expect(Object.keys(found)).toEqual(Object.keys(expected));
      for (const [key, value] of Object.entries(expected)) {
        const actual = Object.entries(found).find(([other]) => other === key)?.[1] as typeof value;
        expect(actual.shape).toEqual(value.shape);
        for (const [index, element] of Array.from(value.data as Iterable<number | string>).entries()) {
          const other = Array.from(actual.data as Iterable<number | string>)[index];
          if (typeof element === "number") expect(Math.abs(Number(other) - element)).toBeLessThan(1e-5);
          else expect(other).toBe(element);
        }
      }
    }
  });
});

describe("a parameter server and two workers", () => {
  const placement = { variables: "ps:0" };

  it("share variables, whichever worker a client talks to", async () => {
    const connect = newConnect();
    const first = await connect({ state: "restore", placement });
    const second = await connect({ url: servers.task("worker:1").url, placement });
    const third = await connect({ url: servers.task("ps:0").url, placement });
    await first.train(X, Y);
    const trained = (await first.pred(X)).toArray();
    expect((await second.pred(X)).toArray()).toEqual(trained);
    expect((await third.pred(X)).toArray()).toEqual(trained);
  });

  it("lose none of 400 concurrent training steps of each of two clients", async () => {
    const connect = newConnect();
    const first = await connect({ state: "restore", placement });
    const second = await connect({ url: servers.task("worker:1").url, placement });
    await Promise.all([first, second].flatMap((client) => Array.from({ length: 400 }, () => client.train(X, Y))));
    const variables = await first.variables();
    const iterations = variables.find(({ name }) => name === "sgd/iteration");
    expect(Number(iterations?.value?.item())).toBe(800);
  });

  it("count the calls of both clients", async () => {
    const container = `test-${tests++}`;
    const [one, two] = ["worker:0", "worker:1"].map((task) => servers.task(task).url);
    const first = await Counter.connect(cluster({ url: one ?? "", container, state: "restore", placement }));
    onTestFinished(() => first.close());
    const second = await Counter.connect(cluster({ url: two ?? "", container, placement }));
    onTestFinished(() => second.close());
    const start = await first.get();
    await Promise.all([first, second].flatMap((client) => Array.from({ length: 400 }, () => client.increment(1))));
    expect((await second.get()) - start).toBe(800);
  });
});

describe("the variables of a cluster", () => {
  it("are those of the model", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    using local = CustomModel.load();
    expect(valuesOf(await client.variables())).toEqual(valuesOf(local.variables()));
  });

  it("are saved by the server, for models in process and for clients", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    await client.train(X, Y);
    const trained = valuesOf(await client.variables());
    const prefix = join(tempFolder(), "weights");
    await client.saveWeights(prefix);
    expect(existsSync(`${prefix}.index`)).toBe(true);
    using local = CustomModel.load();
    local.restore(prefix);
    expect(valuesOf(local.variables())).toEqual(trained);
    await client.train(X, Y);
    expect(valuesOf(await client.variables())).not.toEqual(trained);
    const report = await client.restore(prefix);
    expect(report.restored.length).toBe(trained.length);
    expect(valuesOf(await client.variables())).toEqual(trained);
  });

  it("are restored from the folder of a SavedModel", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    const before = valuesOf(await client.variables());
    await client.train(X, Y);
    await client.restore(modelFolder("custom_model"));
    expect(valuesOf(await client.variables())).toEqual(before);
  });

  it("are not changed by a checkpoint that does not fit", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    const before = valuesOf(await client.variables());
    for (const options of [{}, { partial: true }]) {
      const error = await expectRejection(client.restore(modelFolder("regression"), options), "RESTORE_FAILED");
      expect(error.rawMessage).toMatch(/no variable was changed$/);
    }
    await expectRejection(client.restore("/nowhere/weights"), "VARIABLES_NOT_FOUND");
    await expectRejection(client.restore("weights"), "INVALID_ARGUMENT");
    await expectRejection(client.saveWeights("weights"), "INVALID_ARGUMENT");
    expect(valuesOf(await client.variables())).toEqual(before);
  });

  it("cannot be saved to a folder that the server does not have", async () => {
    const connect = newConnect();
    const client = await connect({ state: "restore" });
    await expectRejection(client.saveWeights("/proc/nothing/weights"), "SAVE_FAILED");
  });
});

it("tells of each request of a call, with the address of the server", async () => {
  const events: RequestEvent[] = [];
  const connect = newConnect();
  const client = await connect({ state: "restore", onRequest: (event) => events.push(event) });
  await client.pred(X);
  const { url } = servers.task("worker:0");
  expect(events.map(({ engine, address, signature, attempt }) => ({ engine, address, signature, attempt }))).toEqual([
    { engine: "cluster", address: url, signature: "pred", attempt: 1 },
  ]);
});

it("trains, evaluates and predicts with fit as in process, and batches calls", async () => {
  const rows = 40;
  const x = Float32Array.from({ length: 2 * rows }, (_, index) => Math.sin(index));
  const target = Float32Array.from({ length: rows }, (_, row) => (x[2 * row] ?? 0) - (x[2 * row + 1] ?? 0));
  const options = { progress: false, batchSize: 16, epochs: 3, shuffle: { seed: 5 } } as const;
  using local = Regression.load();
  const expected = await fit(local.train, [x, target, 0.1], options);
  const url = servers.task("worker:0").url;
  const engine = cluster({ url, state: "restore", container: `test-${tests++}` });
  const client = await Regression.connect(engine, { batching: { pred: { maxBatch: 8, maxDelayMs: 5 } } });
  onTestFinished(() => client.close());
  const history = await fit(client.train, [x, target, 0.1], options);
  const [losses, own] = [history.metric("loss"), expected.metric("loss")];
  expect(losses).toHaveLength(3);
  for (const [epoch, loss] of own.entries()) expect(Math.abs((losses[epoch] ?? 0) - loss)).toBeLessThan(1e-5);
  const together = await Promise.all(Array.from({ length: 8 }, (_, row) => client.pred([[row, 1]])));
  for (const [row, { data }] of together.entries()) {
    const [height = 0] = local.pred([[row, 1]]).data;
    expect(Math.abs((data[0] ?? 0) - height)).toBeLessThan(1e-4);
  }
});

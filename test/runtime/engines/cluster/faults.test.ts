import { cpSync, rmSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CustomModel } from "../../../../generated/custom-model.js";
import { Sentences } from "../../../../generated/sentences.js";
import { Spin } from "../../../../generated/spin.js";
import {
  type ClusterOptions,
  cluster,
  type RequestEvent,
  ServerError,
} from "../../../../runtime/engines/cluster/index.js";
import { SavedModelError } from "../../../../runtime/index.js";
import { expectError, expectRejection } from "../../../support/errors.js";
import { Random } from "../../../support/random.js";
import { startCluster, type TestCluster } from "../../../support/servers/cluster-server.js";
import { startFakeMaster } from "../../../support/servers/fake-master.js";
import { startKServeGrpc } from "../../../support/servers/kserve-server.js";
import { freePorts, isolateNetwork } from "../../../support/servers/own-network.js";
import { startWorker } from "../../../support/servers/worker-process.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

let servers: TestCluster;

beforeAll(async () => {
  isolateNetwork();
  servers = await startCluster({ worker: 1 });
});

afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

type Client = Awaited<ReturnType<typeof CustomModel.connect>>;

const X = [[1, 2]];
const Y = [[3]];

let tests = 0;

async function connect(options: Partial<ClusterOptions> = {}): Promise<Client> {
  const container = `test-${tests++}`;
  const engine = cluster({ url: servers.task("worker:0").url, container, state: "restore", ...options });
  const client = await CustomModel.connect(engine);
  onTestFinished(() => client.close());
  return client;
}

/** The code of the error of a promise, or undefined. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return await promise.then(
    () => undefined,
    (error: unknown) => {
      expect(error).toBeInstanceOf(SavedModelError);
      return (error as SavedModelError).code;
    },
  );
}

describe("a server of a cluster", () => {
  it("that is killed during 800 calls rejects them, and serves the client again when it is back", async () => {
    await using own = await startCluster({ worker: 1 });
    const client = await connect({ url: own.task("worker:0").url, maxInFlight: 800, timeoutMs: 20_000 });
    await client.train(X, Y);
    const calls = Array.from({ length: 400 }, () => [client.pred(X), client.train(X, Y)]).flat();
    const codes = Promise.all(calls.map(codeOf));
    await calls[0];
    await own.task("worker:0").kill();
    const rejected = new Set((await codes).filter((code) => code !== undefined));
    expect(rejected).toContain("TF_UNAVAILABLE");
    // Calls that wait for others, each of which is repeated, may come to their deadlines.
    expect([...rejected].filter((code) => !["TF_UNAVAILABLE", "TF_DEADLINE_EXCEEDED"].includes(code))).toEqual([]);
    await own.restart("worker:0");
    // The variables went with the process.
    const error = await untilAnswered(client);
    expect(error.fix).toMatch(/^A server was restarted.*`restore\(\)`/);
    await client.restore(modelFolder("custom_model"));
    using local = CustomModel.load();
    const [expected = 0] = local.pred(X).data;
    const [found = 0] = (await client.pred(X)).data;
    expect(Math.abs(found - expected)).toBeLessThan(1e-5);
    await client.train(X, Y);
  });

  it("ends a run at the deadline of its call, and gives back the mutex of calls that change variables", async () => {
    const client = await connect();
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(client.train(X, Y, { timeoutMs: 1 }))));
    expect(codes).toContain("TF_DEADLINE_EXCEEDED");
    await client.train(X, Y);
  });

  it("is told when a call is aborted", async () => {
    const url = servers.task("worker:0").url;
    const client = await Spin.connect(cluster({ url, state: "restore" }));
    onTestFinished(() => client.close());
    const controller = new AbortController();
    const call = client.spin([[1, 0]], 2_000_000_000, { signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    await expectRejection(call, "ABORTED");
    await client.spin([[1, 0]], 10);
  });

  it("waits for the other tasks of its cluster until the deadline, and the error says so", async () => {
    const [first, second] = await freePorts(2);
    const spec = `ps=127.0.0.1:${first};worker=127.0.0.1:${second}`;
    const worker = await startWorker(["--cluster", spec, "--job", "worker"]);
    onTestFinished(async () => void (await worker.end("SIGKILL")));
    const engine = cluster({ url: worker.target, state: "restore", timeoutMs: 3_000 });
    const error = await expectRejection(CustomModel.connect(engine), "TF_DEADLINE_EXCEEDED");
    expect(error.fix).toContain("waits until all tasks of its cluster run");
  });

  it("does not wait for tasks that a placement does not need", async () => {
    const [first, second, third] = await freePorts(3);
    const spec = `ps=127.0.0.1:${first};worker=127.0.0.1:${second},127.0.0.1:${third}`;
    const ps = await startWorker(["--cluster", spec, "--job", "ps"]);
    onTestFinished(async () => void (await ps.end("SIGKILL")));
    const worker = await startWorker(["--cluster", spec, "--job", "worker", "--task", "0"]);
    onTestFinished(async () => void (await worker.end("SIGKILL")));
    const client = await connect({ url: worker.target, placement: { variables: "ps:0" } });
    expect((await client.pred(X)).shape).toEqual([1, 1]);
  });

  it("that lacks the model's folder is named with the option that helps", async () => {
    const error = await expectRejection(connect({ serverDirectory: "/nowhere/model" }), "VARIABLES_NOT_FOUND");
    expect(error.message).toContain("/nowhere/model/variables/variables.index");
    expect(error.fix).toContain("`serverDirectory`");
  });
});

it("a server that lacks a vocabulary of the model is named with the option that helps", async () => {
  const folder = join(tempFolder(), "without-assets");
  const source = fileURLToPath(new URL("../../../../examples/models/sentences", import.meta.url));
  cpSync(source, folder, { recursive: true });
  rmSync(join(folder, "assets"), { recursive: true });
  const engine = cluster({ url: servers.task("worker:0").url, state: "private", serverDirectory: folder });
  const error = await expectRejection(Sentences.connect(engine), "LOAD_FAILED");
  expect(error.rawMessage).toMatch(/^Sentences\.connect\(\): grpc:.*assets\/vocabulary\.txt/);
  expect(error.fix).toContain("`serverDirectory`");
});

describe("a server with broken answers", () => {
  const seed = 7;

  /** Cuts, extends or changes bytes. */
  function mangler(): (bytes: Uint8Array) => Uint8Array {
    const random = new Random(seed);
    return (bytes) => {
      const copy = Uint8Array.from(bytes);
      const kind = random.below(4);
      if (kind === 0) return copy.subarray(0, random.below(copy.length + 1));
      if (kind === 1) return Uint8Array.from([...copy, ...random.bytes(random.below(20))]);
      for (let count = 1 + random.below(4); count > 0; count--) copy[random.below(copy.length)] = random.below(256);
      return copy;
    };
  }

  const known = ["TF_INTERNAL", "INVALID_RESULT", "MODEL_CORRUPT", "VARIABLES_NOT_FOUND"];

  it("to calls gets typed errors, or results of the signature", async () => {
    const mangle = mangler();
    await using fake = await startFakeMaster((method, answer) => (method === "RunCallable" ? mangle(answer) : answer));
    const client = await connect({ url: fake.url, state: "attach" });
    const codes = new Set<string | undefined>();
    for (let call = 0; call < 5_000; call++) codes.add(await codeOf(client.pred(X)));
    expect(
      [...codes].filter((code) => code !== undefined && !known.includes(code)),
      `seed ${seed}`,
    ).toEqual([]);
    expect(codes).toContain("TF_INTERNAL");
    expect(codes).toContain(undefined);
  });

  it("to whatever connects gets typed errors", async () => {
    const mangle = mangler();
    await using fake = await startFakeMaster((_, answer) => mangle(answer));
    const codes = new Set<string | undefined>();
    for (let round = 0; round < 300; round++) {
      const engine = cluster({ url: fake.url, container: "any", timeoutMs: 60_000 });
      codes.add(
        await codeOf(
          CustomModel.connect(engine).then(async (client) => {
            await client.pred(X).finally(() => client.close());
          }),
        ),
      );
    }
    expect(
      [...codes].filter((code) => code !== undefined && !known.includes(code)),
      `seed ${seed}`,
    ).toEqual([]);
    expect(codes).toContain("TF_INTERNAL");
  });
});

describe("connecting to a cluster", () => {
  it("rejects with TF_UNAVAILABLE when nothing listens", async () => {
    const [port] = await freePorts(1);
    const error = await expectRejection(connect({ url: `grpc://127.0.0.1:${port}`, retries: 0 }), "TF_UNAVAILABLE");
    expect(error.cause).toBeInstanceOf(ServerError);
  });

  it("rejects a gRPC server of another kind, and says what is expected", async () => {
    await using other = await startKServeGrpc("custom_model");
    const error = await expectRejection(connect({ url: other.url }), "TF_UNIMPLEMENTED");
    expect(error.fix).toContain("server of TensorFlow's runtime");
  });

  it("rejects an answer of another protocol", async () => {
    const server = createServer((socket) => void socket.on("error", () => {}).end("220 mail.example.com ESMTP\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await codeOf(connect({ url: `grpc://127.0.0.1:${port}`, retries: 0 }))).toMatch(
      /^TF_(UNAVAILABLE|INTERNAL|UNKNOWN)$/,
    );
  });

  it("rejects another model than that of the client before it asks a server", async () => {
    const engine = cluster({ url: "grpc://127.0.0.1:1", directory: modelFolder("regression") });
    const error = await expectRejection(CustomModel.connect(engine), "SIGNATURE_MISMATCH");
    expect(error.rawMessage).toContain("does not match the generated CustomModel");
  });

  it("rejects a model in text format, of which servers would get a part", async () => {
    const engine = cluster({ url: "grpc://127.0.0.1:1", directory: modelFolder("text_format") });
    await expectRejection(CustomModel.connect(engine), "MODEL_FORMAT_UNSUPPORTED");
  });

  it("rejects an engine that has a client already", async () => {
    const engine = cluster({ url: servers.task("worker:0").url, state: "private" });
    const client = await CustomModel.connect(engine);
    onTestFinished(() => client.close());
    await expectRejection(CustomModel.connect(engine), "INVALID_ARGUMENT");
    await client.pred(X);
  });

  it.each<[string, object, string]>([
    ["several addresses", { url: ["grpc://a:1", "grpc://b:1"] }, "url must be one address"],
    ["an address of another protocol", { url: "http://a:1" }, "url must be a `grpc://` address"],
    ["an unknown state", { state: "shared" }, 'state must be "attach", "restore" or "private"'],
    ["a placement without a number", { placement: { variables: "ps" } }, "placement.variables must be a job and"],
    ["an unknown task", { placement: { ps: "ps:0" } }, 'placement has no option "ps"'],
    ["tags that are no list", { tags: "serve" }, "tags"],
    ["the name of a model", { model: "custom" }, 'cluster() has no option "model"'],
  ])("rejects %s", (_, options, message) => {
    // Callers of JavaScript pass anything.
    const error = expectError(() => cluster({ url: "grpc://a:1", ...options } as ClusterOptions), "INVALID_OPTION");
    expect(error.message).toContain(message);
  });
});

/** Starts a proxy before a server, which ends with the test. */
async function startProxy(target: string): Promise<{ readonly url: string; dropNext: boolean }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const proxy = { url: "", dropNext: false };
  const server = createServer((client) => {
    const upstream = connectTcp(Number(port), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}));
    const drop = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.on("data", (data) => {
      upstream.write(data);
      if (!proxy.dropNext) return;
      proxy.dropNext = false;
      drop();
    });
    upstream.on("data", (data) => client.write(data));
    client.on("close", drop);
    upstream.on("close", drop);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  proxy.url = `grpc://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return proxy;
}

it("a call whose answer was lost is repeated if it changes nothing, and only then", async () => {
  const proxy = await startProxy(servers.task("worker:0").url);
  const events: RequestEvent[] = [];
  const client = await connect({ url: proxy.url, onRequest: (event) => events.push(event) });
  await client.train(X, Y);
  await client.pred(X);
  events.length = 0;
  proxy.dropNext = true;
  await expectRejection(client.train(X, Y), "TF_UNAVAILABLE");
  const attempts = (key: string): readonly number[] =>
    events.filter(({ signature }) => signature === key).map(({ attempt }) => attempt);
  expect(attempts("train")).toEqual([1]);
  // Once connected again.
  await client.pred(X);
  events.length = 0;
  proxy.dropNext = true;
  expect((await client.pred(X)).shape).toEqual([1, 1]);
  expect(attempts("pred").length).toBeGreaterThan(1);
});

describe("another task of a cluster", () => {
  it("that is restarted loses its variables: the next calls say so until they are restored", async () => {
    await using own = await startCluster({ ps: 1, worker: 1 });
    const placement = { variables: "ps:0" };
    const client = await connect({ url: own.task("worker:0").url, placement, timeoutMs: 20_000 });
    await client.train(X, Y);
    await own.task("ps:0").kill();
    expect(await codeOf(client.pred(X))).toBe("TF_UNAVAILABLE");
    await own.restart("ps:0");
    const error = await untilAnswered(client);
    expect(error.fix).toMatch(/^A server was restarted.*`restore\(\)`/);
    await client.restore(modelFolder("custom_model"));
    expect((await client.pred(X)).shape).toEqual([1, 1]);
    await client.train(X, Y);
  });
});

/** Calls until the tasks are connected again; returns the error of the call that needs the variables. */
async function untilAnswered(client: Client): Promise<SavedModelError> {
  for (;;) {
    const error: unknown = await client.pred(X).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SavedModelError);
    if ((error as SavedModelError).code === "TF_FAILED_PRECONDITION") return error as SavedModelError;
    expect((error as SavedModelError).code).toMatch(/^TF_(UNAVAILABLE|ABORTED|DEADLINE_EXCEEDED)$/);
  }
}

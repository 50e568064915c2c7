import { execFile, execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CustomModel } from "../../../../generated/custom-model.js";
import { Regression } from "../../../../generated/regression.js";
import { kserve, type RequestEvent } from "../../../../runtime/engines/kserve/index.js";
import { ServerError, serving } from "../../../../runtime/engines/serving/index.js";
import { SavedModelError } from "../../../../runtime/index.js";
import { distUrl } from "../../../support/dist.js";
import { expectError, expectRejection } from "../../../support/errors.js";
import { needs } from "../../../support/needs.js";
import { Random } from "../../../support/random.js";
import { startKServeGrpc, startKServeRest } from "../../../support/servers/kserve-server.js";
import { startServingGrpc, startServingRest } from "../../../support/servers/serving-server.js";
import { type ServerFaults, StatusError, type TestServer } from "../../../support/servers/test-server.js";
import { tempFolder } from "../../../support/temp.js";

const model = "custom_model";
const ENGINES = {
  "KServe by gRPC": { start: startKServeGrpc, engine: kserve, scheme: "grpc" },
  "KServe by REST": { start: startKServeRest, engine: kserve, scheme: "http" },
  "Serving by gRPC": { start: startServingGrpc, engine: serving, scheme: "grpc" },
  "Serving by REST": { start: startServingRest, engine: serving, scheme: "http" },
} as const;

type Client = Awaited<ReturnType<typeof CustomModel.connect>>;

/** Starts a server that ends with the test. */
async function startServer(
  start: (model: string, faults?: ServerFaults) => Promise<TestServer>,
  faults?: ServerFaults,
): Promise<TestServer> {
  const server = await start(model, faults);
  onTestFinished(() => server.kill());
  return server;
}

/** Starts a TCP server that ends with the test. */
async function startTcp(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function closed(client: Promise<Client>): Promise<Client> {
  const connected = await client;
  onTestFinished(() => connected.close());
  return connected;
}

describe.each(Object.entries(ENGINES))("%s", (_name, { start, engine, scheme }) => {
  const connectTo = (port: number, options: object = {}): Promise<Client> =>
    CustomModel.connect(engine({ url: `${scheme}://127.0.0.1:${port}`, model, timeoutMs: 60_000, ...options }));

  it("rejects with TF_UNAVAILABLE when the connection is refused", async () => {
    const port = await startTcp(() => {});
    // A port that was free a moment ago.
    const server = await start(model);
    await server.kill();
    const error = await expectRejection(connectTo(server.port), "TF_UNAVAILABLE");
    expect(port).not.toBe(server.port);
    expect(error.rawMessage).toMatch(
      new RegExp(`^CustomModel\\.connect\\(\\): ${scheme}://127\\.0\\.0\\.1:${server.port} failed: .*ECONNREFUSED`),
    );
    expect(error.cause).toBeInstanceOf(ServerError);
  });

  it("rejects with TF_UNAVAILABLE when the host does not exist", async () => {
    const url = `${scheme}://nothing.invalid:1234`;
    const error = await expectRejection(CustomModel.connect(engine({ url, model })), "TF_UNAVAILABLE");
    expect(error.rawMessage).toMatch(/ENOTFOUND|EAI_AGAIN|resolution/);
  });

  it("rejects an answer of another protocol", async () => {
    const port = await startTcp((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
    const error = await connectTo(port, { retries: 0 }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SavedModelError);
    expect((error as SavedModelError).code).toMatch(/^TF_(UNAVAILABLE|INTERNAL|UNKNOWN)$/);
  });

  it("rejects with TF_DEADLINE_EXCEEDED when the server accepts a connection and says nothing", async () => {
    const port = await startTcp(() => {});
    await expectRejection(connectTo(port, { timeoutMs: 300 }), "TF_DEADLINE_EXCEEDED");
  });

  it("rejects another model, naming what differs", async () => {
    const server = await startServer(start);
    const connected = Regression.connect(engine({ url: server.url, model }));
    const error = await connected.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect((error as SavedModelError).code).toMatch(/^(SIGNATURE_MISMATCH|TF_NOT_FOUND)$/);
    expect((error as SavedModelError).message).toContain("option `signatures`");
  });

  it("connects with the signatures that the server has, and rejects calls of others", async () => {
    const server = await startServer(start);
    const client = await closed(connectTo(server.port, { signatures: ["pred"] }));
    expect((await client.pred([[1, 2]])).shape).toEqual([1, 1]);
    const error = await expectRejection(client.train([[1, 2]], [[3]]), "SIGNATURE_UNSUPPORTED");
    expect(error.rawMessage).toBe("train() cannot be run: the option `signatures` does not name it");
  });

  it("ends a slow call at its deadline, and cancels it on the server", async () => {
    const server = await startServer(start, { before: () => sleep(600_000, undefined, { ref: false }) });
    const client = await closed(connectTo(server.port));
    const error = await expectRejection(client.pred([[1, 2]], { timeoutMs: 400 }), "TF_DEADLINE_EXCEEDED");
    expect(error.rawMessage).toMatch(/^pred\(\): (no result within 400 ms|.* failed: no answer in time)$/);
    while (server.canceled === 0) await sleep(5);
    expect([server.calls, server.canceled]).toEqual([1, 1]);
  });

  it("cancels an aborted call on the server", async () => {
    const server = await startServer(start, { before: () => sleep(600_000, undefined, { ref: false }) });
    // No deadline cancels it instead.
    const client = await closed(connectTo(server.port, { timeoutMs: Number.POSITIVE_INFINITY }));
    const controller = new AbortController();
    const call = client.pred([[1, 2]], { signal: controller.signal });
    while (server.calls === 0) await sleep(5);
    controller.abort("enough");
    const error = await expectRejection(call, "ABORTED");
    expect(error.cause).toBe("enough");
    await vi.waitFor(() => expect(server.canceled).toBe(1), { timeout: 60_000 });
  });

  it("rejects further calls with QUEUE_FULL while all requests are in flight", async () => {
    const gates: (() => void)[] = [];
    const server = await startServer(start, { before: () => new Promise<void>((resolve) => gates.push(resolve)) });
    const engineOf = engine({ url: server.url, model, maxInFlight: 2 });
    const client = await closed(CustomModel.connect(engineOf, { maxQueue: 1 }));
    const calls = [client.pred([[1, 2]]), client.pred([[1, 2]]), client.pred([[1, 2]])];
    await expectRejection(client.pred([[1, 2]]), "QUEUE_FULL");
    while (gates.length < 2) await sleep(5);
    expect(server.calls).toBe(2);
    for (let open = 0; open < 3; open++) {
      while (gates[open] === undefined) await sleep(5);
      gates[open]?.();
    }
    expect((await Promise.all(calls)).map(({ shape }) => shape)).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it("repeats a request that the server received only for signatures that are named as read-only", async () => {
    const before = (): never => {
      throw new StatusError(grpc.status.UNAVAILABLE, 503, "busy with something else");
    };
    const server = await startServer(start, { before });
    const events: RequestEvent[] = [];
    const options = { url: server.url, model, onRequest: (event: RequestEvent) => events.push(event) };
    const client = await closed(CustomModel.connect(engine(options), { readOnly: ["pred"] }));
    const error = await expectRejection(client.train([[1, 2]], [[3]]), "TF_UNAVAILABLE");
    expect(error.rawMessage).toBe(`train(): ${server.url} failed: busy with something else`);
    expect(server.calls).toBe(1);
    await expectRejection(client.pred([[1, 2]]), "TF_UNAVAILABLE");
    expect(server.calls).toBe(4);
    expect(events.map(({ signature, attempt }) => `${signature} ${attempt}`)).toEqual([
      "train 1",
      "pred 1",
      "pred 2",
      "pred 3",
    ]);
  });

  it("repeats a read-only request on another server after a failure inside of the first", async () => {
    const before = (): never => {
      throw new StatusError(grpc.status.INTERNAL, 500, "the process that ran it died");
    };
    const [failing, answering] = [await startServer(start, { before }), await startServer(start)];
    const options = { url: [failing.url, answering.url], model };
    const client = await closed(CustomModel.connect(engine(options), { readOnly: ["pred"] }));
    for (let call = 0; call < 4; call++) expect((await client.pred([[1, 2]])).shape).toEqual([1, 1]);
    expect(failing.calls).toBeGreaterThan(0);
    expect(answering.calls).toBe(4);
  });

  it("reports requests with the address and the version that answered", async () => {
    const server = await startServer(start);
    const events: RequestEvent[] = [];
    const client = await closed(connectTo(server.port, { onRequest: (event: RequestEvent) => events.push(event) }));
    await client.pred([[1, 2]]);
    const [event] = events;
    expect(events).toHaveLength(1);
    expect(event).toMatchObject({ address: server.url, signature: "pred", attempt: 1 });
    if (start !== startServingRest) expect(event?.version).toBe(start === startServingGrpc ? "7" : "3");
  });

  it("sends headers with each request, and rejects invalid ones", async () => {
    const server = await startServer(start);
    let token = 0;
    const headers = async (signature: string) => ({ authorization: `Bearer ${signature}-${++token}` });
    const client = await closed(connectTo(server.port, { headers }));
    await client.pred([[1, 2]]);
    expect(server.headers.authorization).toBe(`Bearer pred-${token}`);
    const broken = connectTo(server.port, { headers: { "x y": "1" } });
    expect((await expectRejection(broken, "INVALID_OPTION")).rawMessage).toContain('the header "x y"');
  });

  it("rejects messages over the limit", async () => {
    const server = await startServer(start);
    const client = connectTo(server.port, { maxMessageBytes: 20 });
    await expectRejection(
      client.then((each) => each.pred([[1, 2]])),
      "TF_RESOURCE_EXHAUSTED",
    );
  });

  it("ends all calls in flight with errors when the server is killed, and connects again when it is back", async () => {
    let isHeld = true;
    const before = async (): Promise<void> => {
      if (isHeld) await sleep(600_000, undefined, { ref: false });
    };
    const server = await start(model, { before });
    const client = await closed(connectTo(server.port, { maxInFlight: 800 }));
    const calls = Array.from({ length: 800 }, () => client.train([[1, 2]], [[3]]));
    const results = Promise.allSettled(calls);
    while (server.calls < 100) await sleep(5);
    await server.kill();
    const codes = (await results).map((result) =>
      result.status === "rejected" ? (result.reason as SavedModelError).code : "answered",
    );
    expect(new Set(codes)).toEqual(new Set(["TF_UNAVAILABLE"]));
    isHeld = false;
    const again = await startServer(start, { port: server.port });
    // The connection is made again in the background.
    let loss: number | undefined;
    while (loss === undefined) loss = await client.train([[1, 2]], [[3]]).catch(() => sleep(20));
    expect(loss).toBeTypeOf("number");
    expect(again.calls).toBe(1);
  });

  it("distributes calls that are made one after another among replicas", async () => {
    const [first, second] = [await startServer(start), await startServer(start)];
    const client = await closed(CustomModel.connect(engine({ url: [first.url, second.url], model })));
    for (let call = 0; call < 4; call++) await client.pred([[1, 2]]);
    expect([first.calls, second.calls]).toEqual([2, 2]);
  });

  it("answers all read-only calls when one of two replicas is killed under load", async () => {
    const [first, second] = [await start(model), await startServer(start)];
    const options = { url: [first.url, second.url], model, maxInFlight: 16 };
    const client = await closed(CustomModel.connect(engine(options), { readOnly: ["pred"] }));
    let answered = 0;
    const call = async (): Promise<void> => {
      await client.pred([[1, 2]]);
      answered++;
    };
    const calls = Array.from({ length: 400 }, call);
    while (answered < 100) await sleep(1);
    expect([first.calls > 20, second.calls > 20]).toEqual([true, true]);
    await first.kill();
    await Promise.all(calls);
    expect(answered).toBe(400);
  });

  it("gives a result or an error for any damaged answer", { timeout: 1_200_000 }, async () => {
    const seed = Date.now() % 2 ** 31;
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    const below = (limit: number): number => random.below(limit);
    const mangle = (bytes: Uint8Array): Uint8Array => {
      const copy = Uint8Array.from(bytes);
      const kind = below(4);
      if (kind === 0) return copy.subarray(0, below(copy.length + 1));
      if (kind === 1) return Uint8Array.from([...copy, ...Array.from({ length: below(20) }, () => below(256))]);
      for (let count = 1 + below(4); count > 0; count--) copy[below(copy.length)] = below(256);
      return copy;
    };
    const server = await startServer(start, { mangle });
    const client = await closed(connectTo(server.port));
    const codes = new Set<string>();
    for (let call = 0; call < 1_250; call++) {
      const outcome = await client.pred([[1, 2]]).then(
        ({ shape }) => JSON.stringify(shape),
        (error: unknown) => (error instanceof SavedModelError ? error.code : String(error)),
      );
      codes.add(outcome);
    }
    const known = ["[1,1]", "TF_INTERNAL", "INVALID_RESULT", "TF_UNAVAILABLE", "TF_RESOURCE_EXHAUSTED"];
    expect(known, `seed ${seed}`).toEqual(expect.arrayContaining([...codes]));
    expect(codes.size).toBeGreaterThan(1);
  });
});

describe("TensorFlow Serving", () => {
  it.each(["gRPC", "REST"])("chooses a version by its number or label by %s", async (transport) => {
    const server = await startServer(transport === "gRPC" ? startServingGrpc : startServingRest);
    const connect = (options: object): Promise<Client> =>
      CustomModel.connect(serving({ url: server.url, model, ...options }));
    await (await connect({ version: 1 })).close();
    await (await connect({ label: "stable" })).close();
    const error = await expectRejection(connect({ version: 2n }), "TF_NOT_FOUND");
    expect(error.rawMessage).toContain("Servable not found for request: Specific(custom_model, 2)");
  });
});

describe("a gRPC server with TLS", () => {
  needs(spawnSync("openssl", ["version"]).status === 0, "openssl is not present");

  /** Makes a certificate for 127.0.0.1. */
  function makeCertificate(): { readonly cert: Buffer; readonly key: Buffer } {
    const folder = tempFolder();
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
    const kind = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  }

  it("is called with its certificate, and rejected without it", async () => {
    const { cert, key } = makeCertificate();
    const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
    const server = await startServer(startServingGrpc, { credentials });
    const client = await closed(CustomModel.connect(serving({ url: server.url, model, tls: { ca: cert } })));
    expect((await client.pred([[1, 2]])).shape).toEqual([1, 1]);
    const untrusted = CustomModel.connect(serving({ url: server.url, model }));
    expect((await expectRejection(untrusted, "TF_UNAVAILABLE")).rawMessage).toMatch(/certificate/);
    const plain = CustomModel.connect(serving({ url: server.url.replace("grpcs:", "grpc:"), model }));
    await expectRejection(plain, "TF_UNAVAILABLE");
    const plainServer = await startServer(startServingGrpc);
    const encrypted = CustomModel.connect(serving({ url: plainServer.url.replace("grpc:", "grpcs:"), model }));
    await expectRejection(encrypted, "TF_UNAVAILABLE");
  });
});

it("names the command that installs gRPC where it is missing, and needs neither it nor koffi by REST", async () => {
  const server = await startServer(startKServeRest);
  const url = (name: string): string => JSON.stringify(distUrl(`runtime/${name}`));
  const program = `
    import Module from "node:module";
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (request, ...rest) => {
      if (/koffi|grpc-js/.test(request)) throw new Error(request + " was asked for");
      return resolve(request, ...rest);
    };
    const { Model } = await import(${url("index.js")});
    const { kserve } = await import(${url("engines/kserve/index.js")});
    const tensor = (key, size) => ({ key, dtype: "float32", shape: [1, size] });
    const signatures = [{ key: "pred", inputs: [tensor("inputs", 2)], outputs: [tensor("output", 1)] }];
    const descriptor = { name: "Client", directory: "nowhere", tags: [], signatures };
    class Client extends Model {
      static connect = (engine) => new Client(descriptor, engine).connected();
    }
    const client = await Client.connect(kserve({ url: ${JSON.stringify(server.url)}, model: "custom_model" }));
    console.log((await client.pred([[1, 2]])).shape.join());
    await client.close();
    const model = "custom_model";
    await Client.connect(kserve({ url: "grpc://127.0.0.1:1", model })).catch(({ message }) => console.log(message));`;
  // The server runs in this process.
  const output = await new Promise((resolve, reject) => {
    execFile(process.execPath, ["--input-type=module", "--eval", program], (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  expect(output).toBe(
    "1,1\nUNSUPPORTED_BY_ENGINE: Client.connect(): grpc:// addresses need the package @grpc/grpc-js. Run `npm install @grpc/grpc-js`, or connect to an http:// address of the server.\n",
  );
});

describe("options of engines", () => {
  it.each([
    [{ url: "localhost:8001" }, "INVALID_OPTION", /url "localhost:8001" is not the address of a server/],
    [{ url: "ftp://models" }, "INVALID_OPTION", /Pass `grpc:\/\/host:port`/],
    [{ url: [] }, "INVALID_OPTION", /url has no addresses/],
    [{ url: ["grpc://a:1", "http://b"] }, "INVALID_OPTION", /different schemes: grpc:\/\/ and http:\/\//],
    [{ url: "grpc://models" }, "INVALID_OPTION", /needs a port/],
    [{ url: "http://me:secret@models" }, "INVALID_OPTION", /^kserve\(\): url "http:\/\/…@models" has a user name/],
    [{ model: "" }, "INVALID_OPTION", /model must be the name/],
    [{ timeoutMs: 0 }, "INVALID_OPTION", /timeoutMs must be a positive number/],
    [{ retries: -1 }, "INVALID_OPTION", /retries must be a non-negative integer/],
    [{ tls: {} }, "INVALID_OPTION", /tls must be .* for `grpcs:\/\/` addresses only/],
    [{ modle: "x" }, "INVALID_OPTION", /no option "modle"/],
  ] as const)("rejects %o", (options, code, message) => {
    const error = expectError(() => kserve({ url: "http://models", model, ...options } as never), code);
    expect(`${error.rawMessage} ${error.fix ?? ""}`).toMatch(message);
  });

  it("rejects a signature that the client does not have", async () => {
    const connected = CustomModel.connect(kserve({ url: "http://127.0.0.1:1", model, signatures: ["predict"] }));
    const error = await expectRejection(connected, "INVALID_OPTION");
    expect(error.rawMessage).toBe('signatures: CustomModel has no signature "predict"');
  });

  it("rejects an engine for a second client", async () => {
    const server = await startServer(startKServeRest);
    const engine = kserve({ url: server.url, model });
    const first = await closed(CustomModel.connect(engine));
    await expectRejection(CustomModel.connect(engine), "INVALID_ARGUMENT");
    // The first goes on.
    expect((await first.pred([[1, 2]])).shape).toEqual([1, 1]);
  });
});

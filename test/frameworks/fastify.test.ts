import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { Model } from "../../runtime/index.js";
import { type GoldenCall, readCases, toTensor } from "../support/goldens.js";
import { copyOfModel, modelFolder } from "../support/temp.js";
import { pipeline, post, until } from "./http.js";
import { copyExample, generateClient, run } from "./project.js";
import { type Service, startService } from "./service.js";

const ADMIN = { authorization: "Bearer secret" };
/** Requests wait until a batch is full or the model is closed, so a test can keep them open. */
const WAITING = { MAX_BATCH: "1000", MAX_DELAY: "600000" };

let built: string | undefined;

/** The example, generated and compiled with what a user has installed. */
function example(): string {
  if (built !== undefined) return built;
  const folder = copyExample("fastify", "test/models/regression");
  generateClient(folder, "regression.ts");
  run(folder, "npm", "run", "check");
  run(folder, "npm", "run", "build");
  built = folder;
  return folder;
}

/** The service, compiled and run by plain Node. */
function start(model: string, environment: Readonly<Record<string, string>> = {}): Promise<Service> {
  return startService(example(), "dist/main.js", { MODEL: model, ADMIN_TOKEN: "secret", ...environment });
}

/** The calls of a case of the golden file, which TensorFlow in Python answered. */
function callsOf(name: string, signature: string): readonly GoldenCall[] {
  const calls = readCases("regression").find((golden) => golden.name === name)?.calls ?? [];
  return calls.filter((call) => call.signature === signature);
}

const untrained = callsOf("predictions of several batch sizes", "pred").filter(
  ({ inputs }) => inputs.x?.shape[0] !== 0,
);
const trained = callsOf("ten steps of several batch sizes", "pred");

function rowsOf({ inputs }: GoldenCall): readonly (readonly number[])[] {
  const data = (inputs.x?.data ?? []).map(Number);
  return Array.from({ length: data.length / 2 }, (_, row) => data.slice(2 * row, 2 * row + 2));
}

function numbersOf({ outputs }: GoldenCall): readonly number[] {
  return (outputs.prediction?.data ?? []).map(Number);
}

function expectNumbers(actual: readonly unknown[], expected: readonly number[]): void {
  expect(actual).toEqual(expected.map((value) => expect.closeTo(value, 5)));
}

async function expectPredictions({ url }: Service, calls: readonly GoldenCall[]): Promise<void> {
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) {
    const { status, body } = await post(`${url}/predict`, { rows: rowsOf(call) });
    expect(status).toBe(200);
    expectNumbers((body as { predictions: number[] }).predictions, numbersOf(call));
  }
}

/** Puts the model in place that TensorFlow in Python had after ten steps. */
function trainInPlace(folder: string): void {
  using model = Model.load(folder);
  for (const { inputs } of callsOf("ten steps of several batch sizes", "train")) {
    model.run("train", Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)])));
  }
  model.save(folder);
}

async function metric({ url }: Service, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

/** Requests that have been read, and wait for their predictions. */
async function inFlight(service: Service, count: number): Promise<readonly ReturnType<typeof post>[]> {
  const answers = Array.from({ length: count }, (_, index) => post(`${service.url}/predict`, { rows: [[index, 1]] }));
  await until(async () => (await metric(service, "model_pending_calls")) === count);
  return answers;
}

/** The untrained model has the weights 0.5 and -0.25, and no bias. */
function expectUntrained(answers: readonly Awaited<ReturnType<typeof post>>[]): void {
  for (const [index, { status, body }] of answers.entries()) {
    expect([status, body]).toEqual([200, { predictions: [0.5 * index - 0.25] }]);
  }
}

async function stop(service: Service): Promise<void> {
  service.signal("SIGTERM");
  expect(await service.exited, service.output()).toBe(0);
}

describe("examples/fastify", () => {
  it("type-checks and compiles, and its own tests pass without TensorFlow and without the model", () => {
    const folder = example();
    run(folder, "env", "SAVEDMODEL_TENSORFLOW=/nowhere", "npm", "test");
  });

  it("returns Python's numbers", async () => {
    const service = await start(modelFolder("regression"));
    for (const path of ["live", "ready"]) expect((await fetch(`${service.url}/health/${path}`)).status).toBe(200);
    await expectPredictions(service, untrained);
    expect(await metric(service, "model_calls_total")).toBe(untrained.length);
    await stop(service);
  });

  it("reports what is wrong with a request", async () => {
    const service = await start(modelFolder("regression"));
    const answers = [{ rows: [] }, { rows: [["1", "2"]] }, { rows: [[1, 2, 3]] }, { rows: [[1, 2], [3]] }].map((body) =>
      post(`${service.url}/predict`, body),
    );
    const refusals = (await Promise.all(answers)).map(({ status, body }) => [status, (body as { code: string }).code]);
    expect(refusals).toEqual([
      [400, "FST_ERR_VALIDATION"],
      [400, "FST_ERR_VALIDATION"],
      [400, "INVALID_SHAPE"],
      [400, "RAGGED_ARRAY"],
    ]);
    expect((await post(`${service.url}/admin/reload`, {})).status).toBe(401);
    await stop(service);
  });

  it("streams: answers each row before the next is sent, and ends the answer at an invalid row", async () => {
    const service = await start(modelFolder("regression"));
    const { write, lines } = stream(service);
    const answers: unknown[] = [];
    for (const [a, b] of [
      [1, 0],
      [0, 1],
      [4, 2],
    ] as const) {
      write(`[${a}, ${b}]\n`);
      answers.push(JSON.parse((await lines.next()).value ?? ""));
    }
    expectNumbers(answers, [0.5, -0.25, 1.5]);
    write('[2, 0]\n["2", 0]\n[4, 0]\n');
    expect(JSON.parse((await lines.next()).value ?? "")).toBe(1);
    expect(JSON.parse((await lines.next()).value ?? "")).toEqual({
      error: { code: "BAD_ROW", message: expect.any(String) },
    });
    expect((await lines.next()).done).toBe(true);
    await stop(service);
  });

  it("aborts a prediction when its client disconnects", async () => {
    const service = await start(modelFolder("regression"), WAITING);
    const controller = new AbortController();
    const answer = post(`${service.url}/predict`, { rows: [[1, 2]] }, { signal: controller.signal });
    const { write, destroy } = stream(service);
    write("[1, 2]\n");
    await until(async () => (await metric(service, "model_pending_calls")) === 2);
    const aborted = 'model_errors_total{code="ABORTED"}';
    expect(await metric(service, aborted)).toBe(0);
    controller.abort();
    await expect(answer).rejects.toThrow();
    await until(async () => (await metric(service, aborted)) === 1);
    destroy();
    await until(async () => (await metric(service, aborted)) === 2);
    await stop(service);
  });

  it("answers 503 when overloaded, and other requests as usual", async () => {
    const service = await start(modelFolder("regression"), { MAX_QUEUE: "1", MAX_BATCH: "1" });
    const heads = await pipeline(service.port, "/predict", { rows: [[1, 2]] }, 20);
    const statuses = heads.map((head) => head.slice(9, 12));
    expect(new Set(statuses)).toEqual(new Set(["200", "503"]));
    for (const head of heads) expect(/^retry-after: 1\r$/m.test(head)).toBe(head.startsWith("HTTP/1.1 503"));
    await expectPredictions(service, untrained);
    await stop(service);
  });
});

describe("replacing the model in examples/fastify", () => {
  it("replaces the model without a failed request", async () => {
    const folder = copyOfModel("regression");
    const service = await start(folder, WAITING);
    const before = await inFlight(service, 200);
    trainInPlace(folder);
    const { status } = await post(`${service.url}/admin/reload`, {}, { headers: ADMIN });
    expect(status).toBe(200);
    expectUntrained(await Promise.all(before));
    await stop(service);
  });

  it("returns Python's numbers after the same training, while requests continue", async () => {
    const folder = copyOfModel("regression");
    const service = await start(folder);
    await expectPredictions(service, untrained);
    let isReloaded = false;
    const load = Array.from({ length: 20 }, async () => {
      const statuses: number[] = [];
      while (!isReloaded) statuses.push((await post(`${service.url}/predict`, { rows: [[1, 2]] })).status);
      return statuses;
    });
    trainInPlace(folder);
    service.signal("SIGHUP");
    await until(async () => (await metric(service, "model_reloads_total")) === 1);
    await expectPredictions(service, trained);
    isReloaded = true;
    expect(new Set((await Promise.all(load)).flat())).toEqual(new Set([200]));
    await stop(service);
  });

  it("rejects a broken or different model, and keeps the old one", async () => {
    const folder = copyOfModel("regression");
    const service = await start(folder);
    const graph = readFileSync(join(folder, "saved_model.pb"));
    writeFileSync(join(folder, "saved_model.pb"), graph.subarray(0, graph.length / 2));
    const broken = await post(`${service.url}/admin/reload`, {}, { headers: ADMIN });
    expect([broken.status, broken.body]).toEqual([422, { code: "MODEL_CORRUPT", message: expect.any(String) }]);
    cpSync(modelFolder("counter"), folder, { recursive: true });
    const other = await post(`${service.url}/admin/reload`, {}, { headers: ADMIN });
    expect([other.status, other.body]).toEqual([422, { code: "SIGNATURE_MISMATCH", message: expect.any(String) }]);
    service.signal("SIGHUP");
    await until(async () => service.output().includes("the old one goes on"));
    await expectPredictions(service, untrained);
    await stop(service);
  });

  it("trains on request, one training at a time", async () => {
    const folder = copyOfModel("regression");
    const service = await start(folder);
    const rows = [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    const body = { rows, targets: [1, 3, 0, 2], epochs: 500, learningRate: 0.1 };
    const answers = await Promise.all([1, 2].map(() => post(`${service.url}/admin/train`, body, { headers: ADMIN })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const { body: predicted } = await post(`${service.url}/predict`, { rows: [[2, 1]] });
    // The plane is 2a - b + 1.
    expect((predicted as { predictions: number[] }).predictions[0]).toBeCloseTo(4, 2);
    await stop(service);
    using saved = Model.load(folder);
    expect(saved.run("pred", { x: [[2, 1]] }).prediction?.toArray()).toEqual([[expect.closeTo(4, 2)]]);
  });
});

describe("SIGTERM to examples/fastify", () => {
  it("answers open requests after SIGTERM, accepts no others, and exits with 0", async () => {
    // Connections that were kept alive would end after 72 seconds, and so too late for its grace.
    const service = await start(modelFolder("regression"), { MAX_BATCH: "1000", MAX_DELAY: "4000", GRACE: "60000" });
    const answers = await inFlight(service, 50);
    service.signal("SIGTERM");
    await until(() =>
      fetch(`${service.url}/health/live`).then(
        ({ status }) => status === 503,
        () => true,
      ),
    );
    expectUntrained(await Promise.all(answers));
    expect(await service.exited).toBe(0);
    await expect(fetch(`${service.url}/health/live`)).rejects.toThrow();
  });

  it("exits with 1 if a client does not finish its request", async () => {
    const service = await start(modelFolder("regression"), { GRACE: "200" });
    const { write, lines, destroy } = stream(service);
    write("[1, 2]\n");
    expect((await lines.next()).value).toBe("0");
    service.signal("SIGTERM");
    expect(await service.exited).toBe(1);
    destroy();
  });
});

/** A request of `/predict/stream` that is being written while its answer is read. */
function stream({ port }: Service): {
  readonly write: (text: string) => void;
  readonly lines: AsyncGenerator<string, undefined>;
  readonly destroy: () => void;
} {
  const headers = { "content-type": "application/x-ndjson" };
  const sent = request({ host: "127.0.0.1", port, path: "/predict/stream", method: "POST", headers });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", resolve);
  });
  // A test that destroys it does not read it.
  answer.catch(() => undefined);
  async function* lines(): AsyncGenerator<string, undefined> {
    yield* createInterface(await answer);
    return undefined;
  }
  return { write: (text) => sent.write(text), lines: lines(), destroy: () => sent.destroy() };
}

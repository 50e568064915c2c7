import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CustomModel } from "../../../../generated/custom-model.js";
import { serving } from "../../../../runtime/engines/serving/index.js";
import type { Tensor } from "../../../../runtime/index.js";
import { expectGolden, readCases, toTensor } from "../../../support/goldens.js";
import { needsServer } from "../../../support/servers/needs-server.js";
import { freePorts, isolateNetwork } from "../../../support/servers/own-network.js";
import { type PythonServer, startPython, until } from "../../../support/servers/python-server.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

// TensorFlow Serving's stubs in the gRPC proxies of Ray Serve, with TensorFlow in Python behind them: two nodes, on this
// machine, with a proxy and a replica of the model each.

const model = "custom_model";
/** Minimum number of calls, half of them before something is killed. */
const CALLS = 800;
const CONCURRENT = 16;

/** A process with a replica of the model, and the number of calls that it has answered or is answering. */
interface Replica {
  readonly pid: number;
  readonly calls: number;
}

interface Service {
  readonly server: PythonServer;
  /** Addresses of the proxies. */
  readonly url: readonly string[];
  readonly replicas: () => readonly Replica[];
}

async function startService(python: string): Promise<Service> {
  const folder = tempFolder();
  const calls = join(folder, "calls");
  mkdirSync(calls);
  const ports = await freePorts(4);
  const parameters = [...ports.map(String), model, modelFolder(model), calls, folder];
  const server = startPython(python, ["ray_service.py", ...parameters]);
  await until(server, () => server.output.includes("service ready\n"));
  return {
    server,
    url: ports.slice(0, 2).map((port) => `grpc://127.0.0.1:${port}`),
    replicas: () =>
      readdirSync(calls).map((name) => ({ pid: Number(name.split("-")[1]), calls: statSync(join(calls, name)).size })),
  };
}

function expectBothAnswer({ replicas }: Service): void {
  const calls = replicas().map(({ calls }) => calls);
  expect(calls).toHaveLength(2);
  expect(Math.min(...calls)).toBeGreaterThan(0);
}

/** Kills something while a read-only signature is called, and compares the results of all calls with Python's. */
async function answersAllWhile({ url }: Service, kill: () => Promise<void>): Promise<void> {
  // Of the variables as they were saved.
  const goldens = readCases(model).find(({ name }) => name === "an untrained model predicts")?.calls ?? [];
  const engine = serving({ url, model, headers: { application: model }, timeoutMs: 600_000, retries: 10 });
  const client = await CustomModel.connect(engine, { readOnly: ["pred"] });
  onTestFinished(() => client.close());
  let started = 0;
  let answered = 0;
  let last = Number.POSITIVE_INFINITY;
  let killed: Promise<void> | undefined;
  const caller = async (): Promise<void> => {
    while (started < last) {
      const golden = goldens[started++ % goldens.length];
      if (golden === undefined) throw new Error("no goldens of pred");
      const { inputs, output } = { ...golden.inputs, ...golden.outputs };
      if (inputs === undefined || output === undefined) throw new Error("pred has other inputs or outputs");
      const result = await client.pred(toTensor(inputs) as Tensor<"float32", [1, 2]>);
      expectGolden(result, output, `call ${answered}`, 1e-5);
      answered++;
      if (answered < CALLS / 2) continue;
      // As many calls follow.
      killed ??= kill().finally(() => {
        last = started + CALLS / 2;
      });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, caller));
  await killed;
  expect(answered).toBe(started);
  expect(answered).toBeGreaterThanOrEqual(CALLS);
}

describe("Ray Serve", () => {
  const python = needsServer("ray");
  // Its proxies listen on all interfaces.
  beforeAll(() => void isolateNetwork());

  it("answers all read-only calls with Python's numbers while a replica of Ray Serve is killed", async () => {
    const service = await startService(python);
    const [first] = service.replicas();
    await answersAllWhile(service, async () => {
      expectBothAnswer(service);
      process.kill(first?.pid ?? Number.NaN, "SIGKILL");
    });
    // Ray starts another one.
    await until(service.server, () => service.replicas().length === 3);
  });

  it("answers all read-only calls with Python's numbers while a node of Ray Serve is killed", async () => {
    const service = await startService(python);
    await answersAllWhile(service, async () => {
      expectBothAnswer(service);
      service.server.stdin?.write("remove\n");
      await until(service.server, () => service.server.output.includes("node removed\n"));
    });
  });
});

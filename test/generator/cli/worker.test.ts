import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { findPlace, parseAddress, parseCluster, parseTask } from "../../../generator/cli/worker/cluster.js";
import type { Finished } from "../../support/cli.js";
import { expectError } from "../../support/errors.js";
import { IS_WINDOWS, isWindows, needs, ONLY_LINUX } from "../../support/needs.js";
import { dialMaster } from "../../support/servers/master-service.js";
import { freePorts, isolateNetwork } from "../../support/servers/own-network.js";
import { startWorker } from "../../support/servers/worker-process.js";

beforeAll(() => {
  isolateNetwork();
});

/** Returns how a command ends that does not get ready. */
async function fails(...parameters: readonly string[]): Promise<Finished> {
  try {
    await using worker = await startWorker(parameters);
    throw new Error(`ready at ${worker.target}`);
  } catch (error) {
    if (error instanceof Error) throw error;
    return error as Finished;
  }
}

/** Options as a person types them. */
type Flags = Readonly<Partial<Record<"listen" | "cluster" | "job" | "task", string>>> & {
  readonly allowNetwork?: true;
};

function place({ listen, cluster, job, task, ...rest }: Flags): ReturnType<typeof findPlace> {
  return findPlace({
    ...rest,
    ...(listen !== undefined && { listen: parseAddress("--listen", listen, false) }),
    ...(cluster !== undefined && { cluster: parseCluster(cluster) }),
    ...(job !== undefined && { job }),
    ...(task !== undefined && { task: parseTask(task) }),
  });
}

function portOf(target: string): number {
  return Number(new URL(target).port);
}

describe("savedmodel worker", () => {
  it("starts a server alone, which clients of TensorFlow's distributed runtime connect to", async () => {
    await using worker = await startWorker(["--listen", "127.0.0.1:0"]);
    expect(worker.target).toMatch(/^grpc:\/\/127\.0\.0\.1:[1-9]\d*$/);
    using master = dialMaster(worker.target);
    // The job of the devices in exported functions.
    expect(await master.listDevices()).toEqual(["/job:localhost/replica:0/task:0/device:CPU:0"]);
  });

  it("prints the line of a server that is ready as JSON, and its risks to standard error", async () => {
    const worker = await startWorker(["--listen", "localhost:0", "--job", "trainer"]);
    const port = portOf(worker.target);
    const { stdout, stderr } = await worker.end("SIGTERM");
    expect(JSON.parse(stdout)).toEqual({
      target: `grpc://localhost:${port}`,
      job: "trainer",
      task: 0,
      cluster: { trainer: [`localhost:${port}`] },
    });
    expect(stderr).toContain("no authentication");
    expect(stderr).toContain(`port ${port}`);
  });

  it("makes one cluster of several tasks, whose devices all of them know", async () => {
    const [ps, first, second] = await freePorts(3);
    const cluster = `ps=127.0.0.1:${ps};worker=127.0.0.1:${first},127.0.0.1:${second}`;
    const places = [["ps"], ["worker", "0"], ["worker", "1"]];
    const workers = await Promise.all(
      places.map(([job = "", task]) =>
        startWorker(["--cluster", cluster, "--job", job, ...(task === undefined ? [] : ["--task", task])]),
      ),
    );
    try {
      expect(workers.map(({ target }) => portOf(target))).toEqual([ps, first, second]);
      for (const { target } of workers) {
        using master = dialMaster(target);
        expect((await master.listDevices()).toSorted()).toEqual([
          "/job:ps/replica:0/task:0/device:CPU:0",
          "/job:worker/replica:0/task:0/device:CPU:0",
          "/job:worker/replica:0/task:1/device:CPU:0",
        ]);
      }
    } finally {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
    }
  });

  it("listens at the port of --listen where the address of the task in the cluster has another", async () => {
    const [inside, outside] = await freePorts(2);
    const parameters = ["--cluster", `worker=127.0.0.1:${outside}`, "--listen", `127.0.0.1:${inside}`];
    await using worker = await startWorker(parameters);
    expect(portOf(worker.target)).toBe(inside);
    using master = dialMaster(worker.target);
    expect(await master.listDevices()).toEqual(["/job:worker/replica:0/task:0/device:CPU:0"]);
  });

  it("reports a port that is in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const { status, stdout, stderr } = await fails("--listen", `127.0.0.1:${port}`);
    await new Promise((resolve) => server.close(resolve));
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(`the server cannot listen at port ${port}: `);
    expect(stderr).toContain("EADDRINUSE");
  });

  it("reports the port of another worker as in use", async () => {
    await using worker = await startWorker(["--listen", "127.0.0.1:0"]);
    const { status, stderr } = await fails("--listen", `127.0.0.1:${portOf(worker.target)}`);
    expect(status).toBe(1);
    expect(stderr).toContain("EADDRINUSE");
  });

  it("rejects a library of operations that does not exist", async () => {
    const { status, stderr } = await fails("--listen", "127.0.0.1:0", "--op-library", "nowhere.so");
    expect(status).toBe(1);
    expect(stderr).toContain("OP_LIBRARY_INVALID");
  });
});

describe("savedmodel worker, interrupted,", () => {
  needs(!isWindows, IS_WINDOWS);

  it.each(["SIGINT", "SIGTERM"] as const)("ends with exit code 0 at %s and frees its port", async (signal) => {
    const worker = await startWorker(["--listen", "127.0.0.1:0"]);
    const port = portOf(worker.target);
    using master = dialMaster(worker.target);
    // A session is open, and its connection.
    await master.listDevices();
    const { status, stderr } = await worker.end(signal);
    expect(status).toBe(0);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    await using next = await startWorker(["--listen", `127.0.0.1:${port}`]);
    expect(portOf(next.target)).toBe(port);
  });
});

describe("the place of a worker", () => {
  const LOOPBACK = ["localhost:1", "a.localhost:1", "127.0.0.1:1", "127.9.8.7:65535", "[::1]:1"];

  it.each(LOOPBACK)("may be at the loopback address %s", (address) => {
    expect(place({ listen: address }).job).toBe("localhost");
    expect(place({ cluster: `a=${address}` }).job).toBe("a");
  });

  it("may be at an address of the network where that is allowed", () => {
    const cluster = "ps=ps-1.example.com:2222 ; worker=10.0.0.1:2222, [fe80::1]:2222";
    const { cluster: parsed, job, task } = place({ cluster, job: "worker", task: "1", allowNetwork: true });
    expect({ job, task }).toEqual({ job: "worker", task: 1 });
    expect([...parsed]).toEqual([
      ["ps", [{ host: "ps-1.example.com", port: 2222 }]],
      [
        "worker",
        [
          { host: "10.0.0.1", port: 2222 },
          { host: "fe80::1", port: 2222 },
        ],
      ],
    ]);
    expect(place({ listen: "0.0.0.0:2222", allowNetwork: true }).task).toBe(0);
  });

  it("is the only task of a cluster that has one", () => {
    expect(place({ cluster: "a=127.0.0.1:1" })).toMatchObject({ job: "a", task: 0 });
    expect(place({ cluster: "a=127.0.0.1:1;b=127.0.0.1:2", job: "b" })).toMatchObject({ job: "b", task: 0 });
  });
});

describe("the manifests in examples/deploy", () => {
  const manifest = (name: string): string =>
    readFileSync(new URL(`../../../examples/deploy/${name}`, import.meta.url), "utf8");

  it("start one task of the cluster in each service of compose.yaml", () => {
    const form =
      /^ {2}(\S+):.*\n(?:(?! {2}\S).*\n)*? +- --cluster=(\S+)\n +- --job=(\S+)\n(?: +- --task=(\S+)\n)? +- --allow-network$/gm;
    const tasks = [...manifest("compose.yaml").matchAll(form)].map(([, service, cluster = "", job = "", task]) => {
      const found = place({ cluster, job, ...(task !== undefined && { task }), allowNetwork: true });
      return [service, found.cluster.get(found.job)?.[found.task]];
    });
    expect(tasks).toEqual([
      ["ps", { host: "ps", port: 2222 }],
      ["worker-0", { host: "worker-0", port: 2222 }],
      ["worker-1", { host: "worker-1", port: 2222 }],
    ]);
  });

  it.each(["ps-0", "worker-0", "worker-1"])("start the task of pod %s in cluster.yaml", (pod) => {
    const text = manifest("cluster.yaml");
    const CLUSTER = /^ {2}CLUSTER: (.+)$/m.exec(text)?.[1] ?? "";
    const [script = "", other] = text.match(/(?<=exec node \S+ worker).*$/gm) ?? [];
    expect(other).toBe(script);
    const env = { ...process.env, CLUSTER, HOSTNAME: pod };
    const words = execFileSync("sh", ["-c", `printf '%s\\n' ${script}`], { env, encoding: "utf8" })
      .trim()
      .split("\n");
    expect(words).toEqual([
      "--cluster",
      CLUSTER,
      "--job",
      /^\w+/.exec(pod)?.[0],
      "--task",
      pod.slice(-1),
      "--allow-network",
    ]);
    const [, cluster = "", , job = "", , task = ""] = words;
    const found = place({ cluster, job, task, allowNetwork: true });
    expect(found.cluster.get(found.job)?.[found.task]).toEqual({ host: `${pod}.tensorflow`, port: 2222 });
  });
});

it("exits with 2 for an invalid place", async () => {
  const { status, stdout, stderr } = await fails("--listen", "10.0.0.5:2222");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^error INVALID_OPTION: --listen: /);
});

describe("the port of savedmodel worker", () => {
  needs(process.platform === "linux", ONLY_LINUX);

  it("is open on all interfaces, as its note says", async () => {
    await using worker = await startWorker(["--listen", "127.0.0.1:0"]);
    const port = portOf(worker.target).toString(16).toUpperCase().padStart(4, "0");
    const sockets = ["tcp", "tcp6"].flatMap((name) =>
      readFileSync(`/proc/thread-self/net/${name}`, "utf8").split("\n"),
    );
    const listening = sockets.filter((line) => new RegExp(`^ *\\d+: \\w+:${port} \\w+:0000 0A `).test(line));
    expect(listening.map((line) => /: (\w+):/.exec(line)?.[1])).toEqual(["0".repeat(32)]);
  });
});

describe("savedmodel worker rejects", () => {
  const cluster = "ps=127.0.0.1:2222;worker=127.0.0.1:2223,127.0.0.1:2224";
  it.each<readonly [string, Flags, string]>([
    ["an address without a port", { listen: "127.0.0.1" }, '--listen: "127.0.0.1" is not of the form <host>:<port>'],
    ["an IPv6 address without brackets", { listen: "::1:2222" }, "needs brackets"],
    ["an IPv4 address out of range", { listen: "127.0.0.256:1" }, "is not of the form"],
    ["a port that is too large", { listen: "localhost:65536" }, "is not from 0 to 65535"],
    ["a URL", { listen: "grpc://localhost:2222" }, "is not of the form"],
    ["an address of the network", { listen: "10.0.0.5:2222" }, "Pass --allow-network"],
    ["an address that begins like a loopback one", { listen: "127.example.com:2222" }, "Pass --allow-network"],
    ["all addresses", { listen: "0.0.0.0:2222" }, "Pass --allow-network"],
    ["a host of the network in a cluster", { cluster: "worker=host:2222" }, '--cluster: "host:2222" is not a loopback'],
    ["a cluster without a job", { cluster: "127.0.0.1:2222" }, "is not of the form <job>=<host>:<port>"],
    ["an empty cluster", { cluster: "" }, "is not of the form"],
    ["a job without tasks", { cluster: "worker=" }, '--cluster: job "worker": "" is not of the form'],
    ["a job with a bad name", { cluster: "my-job=127.0.0.1:2222" }, '"my-job" is not the name of a job'],
    ["a job that is given twice", { cluster: "a=127.0.0.1:1;a=127.0.0.1:2" }, 'the job "a" is given twice'],
    ["an address that is given twice", { cluster: "a=127.0.0.1:1;b=127.0.0.1:1" }, "is given twice"],
    ["a port that is not known", { cluster: "a=127.0.0.1:0" }, "is not from 1 to 65535"],
    ["an address that no task can dial", { cluster: "a=0.0.0.0:1" }, "other tasks cannot connect"],
    ["several jobs without --job", { cluster }, "--job is missing"],
    ["an unknown job", { cluster, job: "wroker" }, 'Did you mean "worker"?'],
    ["several tasks without --task", { cluster, job: "worker" }, "a number from 0 to 1"],
    ["a task beyond the last", { cluster, job: "worker", task: "2" }, "has the tasks 0 to 1"],
    ["a task beyond the only one", { cluster, job: "ps", task: "1" }, "has only task 0"],
    ["a task that is not a number", { task: "one" }, '--task: "one" is not a non-negative integer'],
    ["a task without a cluster", { task: "1" }, "without --cluster there is only task 0"],
    ["a bad name of its own job", { job: "1st" }, '--job: "1st" is not the name of a job'],
  ])("%s", (_what, flags, message) => {
    expect(expectError(() => place(flags), "INVALID_OPTION").message).toContain(message);
  });
});

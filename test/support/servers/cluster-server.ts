import { spawn } from "node:child_process";
import { createServer } from "node:net";

/** One task of a cluster: a process. */
export interface Task {
  readonly url: string;
  readonly pid: number;
  /** Ends the process at once. */
  kill(): Promise<void>;
}

/** Number of tasks by job: `{ ps: 1, worker: 2 }`. */
export type ClusterSize = Readonly<Record<string, number>>;

export interface TestCluster extends AsyncDisposable {
  /** Returns a task by its job and number: `ps:0`. */
  task(name: string): Task;
  /** Starts a task again that was killed, at the same address. */
  restart(name: string): Promise<Task>;
}

/** Starts a server of TensorFlow's runtime for each task of a cluster. */
export async function startCluster(size: ClusterSize): Promise<TestCluster> {
  const names = Object.entries(size).flatMap(([job, count]) =>
    Array.from({ length: count }, (_, index) => `${job}:${index}`),
  );
  const ports = await freePorts(names.length);
  const addresses = new Map(names.map((name, index) => [name, `127.0.0.1:${ports[index]}`]));
  const spec: Record<string, string[]> = {};
  for (const [name, address] of addresses) (spec[jobOf(name)] ??= []).push(address);
  const tasks = new Map<string, Task>();
  const start = async (name: string): Promise<Task> => {
    const task = await startTask(spec, name, addresses.get(name) ?? "");
    tasks.set(name, task);
    return task;
  };
  const end = async (): Promise<void> => {
    await Promise.all([...tasks.values()].map((task) => task.kill()));
  };
  try {
    await Promise.all(names.map(start));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    task: (name) => {
      const task = tasks.get(name);
      if (task === undefined) throw new Error(`no task ${name}`);
      return task;
    },
    restart: start,
    [Symbol.asyncDispose]: end,
  };
}

function jobOf(name: string): string {
  return name.replace(/:.*/, "");
}

async function startTask(
  spec: Readonly<Record<string, readonly string[]>>,
  name: string,
  address: string,
): Promise<Task> {
  const parameters = ["/tmp/cluster/server.py", JSON.stringify(spec), jobOf(name), name.replace(/.*:/, "")];
  const child = spawn("/opt/tfpy/bin/python", parameters, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += String(data)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", () => output.includes("ready") && resolve());
    child.once("error", reject);
    void ended.then(() => reject(new Error(`the task ${name} has ended:\n${output.slice(-4000)}`)));
  });
  return {
    url: `grpc://${address}`,
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Returns ports that nothing listens on. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  return await Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === "object" && address !== null ? address.port : 0;
    }),
  );
}

import { freePorts } from "./own-network.js";
import { startWorker } from "./worker-process.js";

/** One task of a cluster: a process. */
interface Task {
  readonly url: string;
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
  const spec = new Map(
    Object.keys(size).map((job) => {
      const own = [...addresses].filter(([name]) => jobOf(name) === job);
      return [job, own.map(([, address]) => address)];
    }),
  );
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

async function startTask(spec: ReadonlyMap<string, readonly string[]>, name: string, address: string): Promise<Task> {
  const cluster = [...spec].map(([job, addresses]) => `${job}=${addresses.join()}`).join(";");
  const worker = await startWorker(["--cluster", cluster, "--job", jobOf(name), "--task", name.replace(/.*:/, "")]);
  return {
    url: `grpc://${address}`,
    kill: async () => void (await worker.end("SIGKILL")),
  };
}

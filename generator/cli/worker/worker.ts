import { networkInterfaces } from "node:os";
import { Command } from "commander";
import { listSome } from "../../../runtime/base/text.js";
import { OP_LIBRARY_FLAGS, OP_LIBRARY_HELP } from "../flags/op-libraries.js";
import { collect } from "../flags/repeated-flag.js";
import { stdout } from "../ui/colors.js";
import { sayNote } from "../ui/error-message.js";
import { addHelpEnd } from "../ui/help.js";
import { safeJson } from "../ui/safe-json.js";
import {
  DEFAULT_ADDRESS,
  findPlace,
  formatAddress,
  type PlaceFlags,
  parseAddress,
  parseCluster,
  parseTask,
} from "./cluster.js";

interface WorkerFlags extends PlaceFlags {
  readonly opLibrary?: readonly string[];
  readonly json?: true;
}

/** Returns `savedmodel worker`, which runs a server of TensorFlow's distributed runtime. */
export function workerCommand(): Command {
  const command = new Command("worker")
    .summary("run a server of TensorFlow's distributed runtime")
    .description(
      "Runs one task of a TensorFlow cluster until Ctrl+C: a server that runs the graphs of its clients. It has neither encryption nor authentication.",
    )
    .option(
      "--listen <host:port>",
      `the address that clients use; port 0 for a free one (default: ${formatAddress(DEFAULT_ADDRESS)}, or the task's in --cluster)`,
      (text) => parseAddress("--listen", text, false),
    )
    .option("--cluster <jobs>", "the addresses of all tasks: ps=host:port;worker=host:port,host:port", parseCluster)
    .option("--job <name>", "the job of this task (default: the only one of --cluster, or localhost)")
    .option("--task <number>", "the number of this task within its job, from 0 (default: the only one)", parseTask)
    .option("--allow-network", "allow addresses that other machines reach")
    .option(OP_LIBRARY_FLAGS, OP_LIBRARY_HELP, collect)
    .option("--json", "print the line that tells that the server is ready as JSON")
    .action(worker);
  return addHelpEnd(command, {
    examples: [
      "worker",
      "worker --listen 127.0.0.1:0 --json",
      "worker --cluster 'ps=127.0.0.1:2222;worker=127.0.0.1:2223' --job ps",
      "worker --listen 10.0.0.5:2222 --allow-network",
    ],
    exitCodes: { 0: "ended by Ctrl+C or SIGTERM" },
  });
}

async function worker({ opLibrary = [], json, ...flags }: WorkerFlags): Promise<void> {
  const { cluster, job, task } = findPlace(flags);
  const addresses = new Map([...cluster].map(([name, tasks]) => [name, tasks.map(formatAddress)]));
  const port = flags.cluster === undefined ? 0 : (flags.listen?.port ?? 0);
  const { startWorkerServer } = await import("../../../runtime/engines/local/worker-server.js");
  const target = await startWorkerServer({ cluster: addresses, job, task, port }, opLibrary);
  const interrupted = untilInterrupted();
  sayNote(exposureOf(target));
  // The port of a server alone may have been a free one.
  const all = flags.cluster === undefined ? { [job]: [target.replace("grpc://", "")] } : Object.fromEntries(addresses);
  const ready =
    json === true
      ? safeJson({ target, job, task, cluster: all })
      : `${stdout.green("ready")} ${target}  /job:${job}/task:${task}\n${stdout.dim("Ctrl+C ends it")}`;
  process.stdout.write(`${ready}\n`);
  await interrupted;
  // The server cannot be stopped; its threads end with the process.
  process.exit();
}

/** Describes who reaches the server. TensorFlow listens on all interfaces, whatever the address is. */
function exposureOf(target: string): string {
  const addresses = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
  const power = "can run any graph in this process, which reads and writes files with its rights";
  const port = target.slice(target.lastIndexOf(":") + 1);
  return addresses.length === 0
    ? `no authentication: every program of this machine that connects to port ${port} ${power}`
    : `no encryption and no authentication: TensorFlow listens on all interfaces (also on ${listSome(addresses, String)}), and ` +
        `whoever reaches port ${port} ${power}. Close the port to others with a firewall.`;
}

/** Resolves at the first Ctrl+C or SIGTERM. Keeps the process alive until then. */
function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 2 ** 30);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    process.once("SIGINT", end).once("SIGTERM", end);
  });
}

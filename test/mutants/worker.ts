import type { Fault } from "./fault.js";

const WORKER = "test/generator/cli/worker.test.ts";

/** Faults in `savedmodel worker`. */
export const faults: readonly Fault[] = [
  {
    id: "worker-name-looks-like-loopback",
    file: "generator/cli/worker/cluster.ts",
    find: '(isIPv4(host) && host.startsWith("127."))',
    replace: 'host.startsWith("127.")',
    effect: "A name of the network that begins with 127. is taken for this machine, and needs no --allow-network.",
    tests: [WORKER],
  },
  {
    id: "worker-cluster-on-network",
    file: "generator/cli/worker/cluster.ts",
    find: 'requireLoopback("--cluster", address);',
    replace: "void address;",
    effect: "A cluster of other machines needs no --allow-network.",
    tests: [WORKER],
  },
  {
    id: "worker-address-twice",
    file: "generator/cli/worker/cluster.ts",
    find: "seen.add(address);",
    replace: "",
    effect: "Two tasks of one address are accepted, and one of them never starts.",
    tests: [WORKER],
  },
  {
    id: "worker-task-guessed",
    file: "generator/cli/worker/cluster.ts",
    find: "if (task === undefined && last > 0) {",
    replace: "if (task === undefined && last < 0) {",
    effect: "Without --task every worker is task 0.",
    tests: [WORKER],
  },
  {
    id: "worker-port-of-cluster",
    file: "runtime/engines/local/worker-server.ts",
    find: "writer.integer(6, BigInt(port));",
    replace: "",
    effect: "--listen is ignored where there is a cluster.",
    tests: [WORKER],
  },
  {
    id: "worker-task-number",
    file: "runtime/engines/local/worker-server.ts",
    find: "writer.integer(3, BigInt(task));",
    replace: "writer.integer(3, 0n);",
    effect: "Every worker of a job is its task 0.",
    tests: [WORKER],
  },
  {
    id: "worker-any-reason",
    file: "runtime/engines/local/worker-server.ts",
    find: 'server.once("error", (error) => resolve(error.message));',
    replace: 'server.once("error", () => resolve(undefined));',
    effect: "A port that is in use is reported without the reason.",
    tests: [WORKER],
  },
  {
    id: "worker-exit-code",
    file: "generator/cli/worker/worker.ts",
    find: 'process.once("SIGINT", end).once("SIGTERM", end);',
    replace: 'process.once("SIGINT", end);',
    effect: "A worker that a supervisor stops ends with a signal instead of exit code 0.",
    tests: [WORKER],
  },
  {
    id: "worker-quiet",
    file: "generator/cli/worker/worker.ts",
    find: "sayNote(exposureOf(target));",
    replace: "",
    effect: "Nothing says that the port is open on all interfaces, without authentication.",
    tests: [WORKER],
  },
];

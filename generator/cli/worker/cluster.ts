import { isIPv4, isIPv6 } from "node:net";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { listSome, printable, quote, suggest } from "../../../runtime/base/text.js";

/** Address of a task. */
export interface Address {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Addresses of the tasks of each job. */
export type Cluster = ReadonlyMap<string, readonly Address[]>;

/** Place of one task in a cluster. */
interface Place {
  readonly cluster: Cluster;
  readonly job: string;
  readonly task: number;
}

/** As TensorFlow has them in device names: `/job:worker/task:0`. */
const JOB = /^[A-Za-z][A-Za-z0-9_]*$/;
const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

/**
 * Parses `host:port`.
 *
 * @param option for messages: `--listen`
 * @param isFixed true if the port must be known beforehand, false if 0 chooses a free one
 * @throws SavedModelError `INVALID_OPTION`
 */
export function parseAddress(option: string, text: string, isFixed: boolean): Address {
  const [, bracketed, name, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? name ?? "";
  const port = Number(digits);
  if (!isHost(host, bracketed !== undefined) || digits === undefined) {
    throw new SavedModelError("INVALID_OPTION", `${option}: ${quote(text)} is not of the form <host>:<port>`, {
      fix: "An IPv6 address needs brackets, as in [::1]:2222.",
    });
  }
  if (port > 65_535 || (isFixed && port === 0)) {
    const lowest = isFixed ? 1 : 0;
    throw new SavedModelError("INVALID_OPTION", `${option}: the port of ${quote(text)} is not from ${lowest} to 65535`);
  }
  return { host, port };
}

function isHost(host: string, isBracketed: boolean): boolean {
  if (isBracketed) return isIPv6(host);
  return /^[\d.]*$/.test(host) ? isIPv4(host) : HOST.test(host);
}

/** Formats an address as TensorFlow takes it. */
export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Returns true for an address that only programs of the same machine reach. */
function isLoopback({ host }: Address): boolean {
  return /^(.*\.)?localhost$/i.test(host) || (isIPv4(host) && host.startsWith("127.")) || host === "::1";
}

/**
 * Parses `ps=host:port;worker=host:port,host:port`.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function parseCluster(text: string): Cluster {
  const cluster = new Map<string, readonly Address[]>();
  const seen = new Set<string>();
  for (const part of text.split(";")) {
    const at = part.indexOf("=");
    const job = part.slice(0, Math.max(at, 0)).trim();
    if (!JOB.test(job)) {
      const what = at === -1 ? `${quote(part)} is not of the form <job>=<host>:<port>,…` : badJob(job);
      throw new SavedModelError("INVALID_OPTION", `--cluster: ${what}`, {
        fix: 'An example of a cluster: --cluster "ps=host1:2222;worker=host2:2222,host3:2222".',
      });
    }
    if (cluster.has(job)) {
      throw new SavedModelError("INVALID_OPTION", `--cluster: the job ${quote(job)} is given twice`, {
        fix: "List all tasks of a job at once, separated by commas.",
      });
    }
    const tasks = part
      .slice(at + 1)
      .split(",")
      .map((address) => parseAddress(`--cluster: job ${quote(job)}`, address.trim(), true));
    for (const task of tasks) {
      const address = formatAddress(task);
      if (seen.has(address)) {
        throw new SavedModelError("INVALID_OPTION", `--cluster: the address ${quote(address)} is given twice`);
      }
      if (task.host === "0.0.0.0" || task.host === "::") {
        throw new SavedModelError("INVALID_OPTION", `--cluster: other tasks cannot connect to ${quote(address)}`, {
          fix: "Give the address by which the others reach this task.",
        });
      }
      seen.add(address);
    }
    cluster.set(job, tasks);
  }
  return cluster;
}

function badJob(job: string): string {
  return `${quote(job)} is not the name of a job: a letter, then letters, digits and underscores`;
}

/** Address that a server listens at by default: the port is that of TensorFlow's own examples. */
export const DEFAULT_ADDRESS: Address = { host: "127.0.0.1", port: 2222 };

/** Job of a server alone: that of the devices in exported functions, which then need no rewriting. */
const LOCAL_JOB = "localhost";

/** Options that give a task its place. */
export interface PlaceFlags {
  readonly listen?: Address;
  readonly cluster?: Cluster;
  readonly job?: string;
  readonly task?: number;
  readonly allowNetwork?: true;
}

/**
 * Returns the place of a task: in the given cluster, or in one of this task alone.
 *
 * @throws SavedModelError `INVALID_OPTION` unless the options name a task of the cluster, and for addresses that other
 * machines reach, unless these are allowed
 */
export function findPlace({ listen, cluster, job, task, allowNetwork }: PlaceFlags): Place {
  if (allowNetwork !== true) {
    if (listen !== undefined) requireLoopback("--listen", listen);
    for (const address of [...(cluster?.values() ?? [])].flat()) requireLoopback("--cluster", address);
  }
  if (cluster !== undefined) return findTask(cluster, job, task);
  const name = job ?? LOCAL_JOB;
  if (!JOB.test(name)) throw new SavedModelError("INVALID_OPTION", `--job: ${badJob(name)}`);
  if (task !== undefined && task !== 0) {
    throw new SavedModelError("INVALID_OPTION", `--task ${task}: without --cluster there is only task 0`, {
      fix: "Pass the addresses of all tasks with --cluster.",
    });
  }
  return { cluster: new Map([[name, [listen ?? DEFAULT_ADDRESS]]]), job: name, task: 0 };
}

function findTask(cluster: Cluster, job: string | undefined, task: number | undefined): Place {
  const [only = "", ...others] = cluster.keys();
  if (job === undefined && others.length > 0) {
    throw new SavedModelError("INVALID_OPTION", "--job is missing: the cluster has several jobs", {
      fix: `Pass --job with one of ${listSome([...cluster.keys()])}.`,
    });
  }
  const name = job ?? only;
  const tasks = cluster.get(name);
  if (tasks === undefined) {
    throw new SavedModelError("INVALID_OPTION", `--job: the cluster has no job ${quote(name)}`, {
      fix: suggest(name, [...cluster.keys()], "Its jobs"),
    });
  }
  const last = tasks.length - 1;
  if (task === undefined && last > 0) {
    throw new SavedModelError("INVALID_OPTION", `--task is missing: the job ${quote(name)} has ${tasks.length} tasks`, {
      fix: `Pass --task with a number from 0 to ${last}.`,
    });
  }
  const number = task ?? 0;
  if (number > last) {
    const known = last === 0 ? "has only task 0" : `has the tasks 0 to ${last}`;
    throw new SavedModelError("INVALID_OPTION", `--task ${number}: the job ${quote(name)} ${known}`);
  }
  return { cluster, job: name, task: number };
}

function requireLoopback(option: string, address: Address): void {
  if (isLoopback(address)) return;
  throw new SavedModelError(
    "INVALID_OPTION",
    `${option}: ${quote(formatAddress(address))} is not a loopback address, and the server has no authentication: ` +
      "whoever reaches its port can run any graph in this process",
    { fix: "Pass --allow-network if only machines that you trust reach it." },
  );
}

/** @throws SavedModelError `INVALID_OPTION` */
export function parseTask(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new SavedModelError("INVALID_OPTION", `--task: ${quote(printable(text))} is not a non-negative integer`);
}

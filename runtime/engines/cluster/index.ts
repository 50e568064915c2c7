/**
 * Runs signatures on servers of TensorFlow's distributed runtime, which share the variables of a model.
 *
 * @module
 */

import { checkFlag, checkOptions, checkTags, invalidOption } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import type { Engine } from "../../engine.js";
import { toPath } from "../../saved-model/files/locate-model.js";
import { type ConnectionOptions, readConnectionOptions } from "../remote/remote-options.js";
import { ClusterEngine } from "./cluster-engine.js";

export type { RequestEvent } from "../../client/diagnostics.js";
export type { ConnectionOptions, Headers, TlsOptions } from "../remote/remote-options.js";
export { ServerError } from "../remote/server-error.js";

/** Tasks of a cluster, such as `ps:0`: the job and the number of the task. */
export interface PlacementOptions {
  /** Task that holds variables and tables; by default the one that is dialed. */
  readonly variables?: string;
  /** Task that runs everything else; by default the one that is dialed. */
  readonly operations?: string;
}

/** Options of {@link cluster}. */
export interface ClusterOptions extends ConnectionOptions {
  /** Address of the task that the client talks to: `grpc://host:port`. */
  readonly url: string | URL;
  /** Folder of the SavedModel on this machine, which has the graph; by default the one that the client's `load` takes. */
  readonly directory?: string | URL;
  /** The same folder in the file systems of the servers, for checkpoints and assets; by default `directory`. */
  readonly serverDirectory?: string;
  /** Tags of the meta graph; by default those of the client. */
  readonly tags?: readonly string[];
  /**
   * Values of variables. `"attach"`, the default, uses those that the servers have. `"restore"` restores them from
   * `serverDirectory`, which resets them for all clients. `"private"` restores variables that no other client sees.
   */
  readonly state?: "attach" | "restore" | "private";
  /**
   * Container of the variables: clients with the same one share them. By default it follows from the graph, so that models
   * with variables of the same names are apart; `""` is that of Python.
   */
  readonly container?: string;
  /** Tasks that parts of the graph are pinned to. */
  readonly placement?: PlacementOptions;
  /**
   * By default, calls that change variables run one at a time, those of all clients of a container: no update is lost.
   * `false` lets them run side by side, as with TensorFlow's parameter servers: steps that read a variable and assign it
   * later may overwrite each other.
   */
  readonly exclusive?: boolean;
}

const STATES: readonly unknown[] = [undefined, "attach", "restore", "private"];

/**
 * Makes an engine for the static method `connect` of a client: its signatures run on a server of TensorFlow's runtime, as
 * `savedmodel worker` or Python's `tf.distribute.Server` starts it. Such servers have neither encryption nor
 * authentication, and run any graph: use them in private networks only.
 *
 * @example
 * ```ts
 * await using model = await CustomModel.connect(cluster({ url: "grpc://ps:2222", state: "restore" }));
 * ```
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function cluster(options: ClusterOptions): Engine {
  const call = "cluster()";
  if (typeof options !== "object" || options === null) {
    throw new SavedModelError("INVALID_ARGUMENT", `${call} takes an object with \`url\``);
  }
  const { directory, serverDirectory, tags, state, container, placement = {}, exclusive = true } = options;
  if (Array.isArray(options.url)) {
    throw invalidOption(call, "url", "one address: the variables of a session are in one cluster");
  }
  const names = ["url", "directory", "serverDirectory", "tags", "state", "container", "placement", "exclusive"];
  const settings = readConnectionOptions(call, options, options.url, names);
  if (settings.transport !== "grpc") throw invalidOption(call, "url", "a `grpc://` address");
  if (!STATES.includes(state)) throw invalidOption(call, "state", '"attach", "restore" or "private"');
  for (const [name, value] of Object.entries({ serverDirectory, container })) {
    if (value !== undefined && typeof value !== "string") throw invalidOption(call, name, "a string");
  }
  if (tags !== undefined) checkTags(call, tags);
  checkFlag(call, "exclusive", exclusive);
  if (typeof placement !== "object" || placement === null) throw invalidOption(call, "placement", "an object of tasks");
  checkOptions(`${call}: placement`, placement, ["variables", "operations"]);
  return new ClusterEngine(settings, {
    directory: directory === undefined ? undefined : toPath(directory),
    serverDirectory: serverDirectory?.replace(/(?<=[^/\\:])[/\\]+$/, ""),
    tags,
    state: state ?? "attach",
    container,
    exclusive,
    placement: {
      variables: taskOf(call, "variables", placement.variables),
      operations: taskOf(call, "operations", placement.operations),
    },
  });
}

function taskOf(call: string, name: string, task: unknown): string | undefined {
  if (task === undefined) return undefined;
  const [, job, index] = (typeof task === "string" && /^(\w+):(\d+)$/.exec(task)) || [];
  if (job === undefined)
    throw invalidOption(call, `placement.${name}`, 'a job and the number of a task, such as "ps:0"');
  return `/job:${job}/replica:0/task:${index}`;
}

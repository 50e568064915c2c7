import { RESOURCE_TYPES } from "../graph/initial-values/resources.js";
import { type ExclusiveSignature, mutexNodes } from "./exclusive-updates.js";
import { mapNodes } from "./map-graph.js";
import { codec } from "./master-messages.js";

/** Tasks of a cluster that parts of a graph are pinned to: `/job:ps/replica:0/task:0`. */
export interface Placement {
  readonly variables?: string | undefined;
  readonly operations?: string | undefined;
}

/** The job, replica and task of the machine that a model was exported on, in the name of a device. */
const LOCAL = /^\/job:localhost(\/replica:\d+)?(\/task:\d+)?/;

/** A graph as it is sent to a cluster. */
export interface GraphPlan {
  readonly graphDef: Uint8Array;
  /** Container of its variables. */
  readonly container: string;
  readonly placement: Placement;
  /** Nodes that read and write files, which belong to the task with the variables. */
  readonly storage: ReadonlySet<string>;
  /** Signatures that run one at a time. */
  readonly exclusive: readonly ExclusiveSignature[];
}

/** A graph for a cluster. */
export interface PlacedGraph {
  readonly graphDef: Uint8Array;
  /** The tasks that it needs beside the one that the client connects to; none for all tasks. */
  readonly deviceFilters: readonly string[];
}

/** Returns the graph for a cluster: on its tasks, and with its variables in a container. */
export function placeGraph({ graphDef, container, placement, storage, exclusive }: GraphPlan): PlacedGraph {
  const { variables, operations } = placement;
  const placed = mapNodes(graphDef, ({ name, op, device, isInFunction }) => {
    const isHolder = RESOURCE_TYPES.has(op);
    const target = isHolder || storage.has(name) ? variables : operations;
    const local = device.replace(LOCAL, "");
    // What has no task is where the client connects to; in a function, where its call is, and the variables that it uses.
    const place = isInFunction ? "" : (target ?? "");
    const locks = isInFunction ? [] : exclusive.filter(({ nodes }) => nodes.has(name)).map(({ lock }) => lock);
    return {
      device: `${place}${local}` === device ? undefined : `${place}${local}`,
      container: isHolder && container !== "" ? container : undefined,
      after: locks,
    };
  });
  const added = codec.encode("AddedNodes", { node: mutexNodes(exclusive, container, variables ?? "") });
  const filters = [variables, operations].filter((name) => name !== undefined);
  return {
    // Messages one after another are one.
    graphDef: added.length === 0 ? placed : Buffer.concat([placed, added]),
    deviceFilters: [...new Set(filters)],
  };
}

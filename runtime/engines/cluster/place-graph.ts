import { mapNodes } from "./map-graph.js";

/** Tasks of a cluster that parts of a graph are pinned to: `/job:ps/replica:0/task:0`. */
export interface Placement {
  readonly variables?: string | undefined;
  readonly operations?: string | undefined;
}

/** Types of operations whose resource outlives a run, and is found by its container and name. */
const HOLDERS: ReadonlySet<string> = new Set([
  "VarHandleOp",
  "Variable",
  "VariableV2",
  "HashTable",
  "HashTableV2",
  "MutableHashTable",
  "MutableHashTableV2",
  "MutableHashTableOfTensors",
  "MutableHashTableOfTensorsV2",
  "MutableDenseHashTable",
  "MutableDenseHashTableV2",
]);

/** The job, replica and task of the machine that a model was exported on, in the name of a device. */
const LOCAL = /^\/job:localhost(\/replica:\d+)?(\/task:\d+)?/;

/**
 * Returns the graph for a cluster: on its tasks, and with its variables in a container.
 *
 * @param task the task that was dialed
 * @param storage the nodes that read and write files, which belong to the task with the variables
 */
export function placeGraph(
  graphDef: Uint8Array,
  task: string,
  container: string,
  { variables, operations }: Placement,
  storage: ReadonlySet<string>,
): { readonly graphDef: Uint8Array; readonly deviceFilters: readonly string[] } {
  const placed = mapNodes(graphDef, ({ name, op, device, isInFunction }) => {
    const isHolder = HOLDERS.has(op);
    const isStored = isHolder || storage.has(name);
    const target = isStored ? variables : operations;
    const local = device.replace(LOCAL, "");
    // The task of a node in a function follows from its call, and from the variables that it uses.
    const place = isInFunction ? "" : (target ?? (local === device ? "" : task));
    return {
      device: `${place}${local}` === device ? undefined : `${place}${local}`,
      container: isHolder && container !== "" ? container : undefined,
    };
  });
  const filters = [variables, operations].filter((name) => name !== undefined);
  return { graphDef: placed, deviceFilters: filters.length === 0 ? [] : [...new Set([task, ...filters])] };
}

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
 */
export function placeGraph(
  graphDef: Uint8Array,
  task: string,
  container: string,
  { variables, operations }: Placement,
): { readonly graphDef: Uint8Array; readonly deviceFilters: readonly string[] } {
  const placed = mapNodes(graphDef, ({ op, device, isInFunction }) => {
    const isHolder = HOLDERS.has(op);
    const target = isHolder ? (variables ?? operations) : operations;
    const local = device.replace(LOCAL, "");
    const place = isInFunction ? undefined : target;
    const changed =
      local === device && place === undefined ? undefined : `${place ?? (local === device ? "" : task)}${local}`;
    return {
      device: changed === device ? undefined : changed,
      container: isHolder && container !== "" ? container : undefined,
    };
  });
  const filters = [variables, operations].filter((name) => name !== undefined);
  return { graphDef: placed, deviceFilters: filters.length === 0 ? [] : [...new Set([task, ...filters])] };
}

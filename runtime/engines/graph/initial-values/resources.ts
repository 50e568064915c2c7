import { quote } from "../../../base/text.js";
import { attributeOf, type GraphIndex } from "../../../saved-model/graph/graph.js";
import type { Message } from "../../../saved-model/proto/decode.js";

/** How a node holds a value: as a variable, as one of TensorFlow 1's references, or as a table that may change or not. */
type ResourceKind = "variable" | "reference" | "table" | "mutable table";

const KINDS: ReadonlyMap<string, ResourceKind> = new Map([
  ["VarHandleOp", "variable"],
  ["Variable", "reference"],
  ["VariableV2", "reference"],
  ["HashTable", "table"],
  ["HashTableV2", "table"],
  ["MutableHashTable", "mutable table"],
  ["MutableHashTableV2", "mutable table"],
  ["MutableHashTableOfTensors", "mutable table"],
  ["MutableHashTableOfTensorsV2", "mutable table"],
  ["MutableDenseHashTable", "mutable table"],
  ["MutableDenseHashTableV2", "mutable table"],
]);

const TYPES: ReadonlySet<string> = new Set(KINDS.keys());

/** A node of the main graph whose value outlives calls. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly node: Message<"NodeDef">;
}

/** The variables and tables of the main graph by the names of their nodes. */
export function findResources(graph: GraphIndex): ReadonlyMap<string, Resource> {
  const resources = new Map<string, Resource>();
  for (const node of graph.ofTypes(TYPES)) {
    const kind = KINDS.get(node.op);
    if (kind !== undefined) resources.set(node.name, { kind, node });
  }
  return resources;
}

/** The name by which nodes share a resource, and which users know a variable by. */
export function sharedName(node: Message<"NodeDef">): string {
  return Buffer.from(attributeOf(node, "shared_name")?.s ?? []).toString() || node.name;
}

/** What a resource is called in messages: `variable "w"`. */
export function nameOf({ kind, node }: Resource): string {
  return `${kind.includes("table") ? "table" : "variable"} ${quote(sharedName(node))}`;
}

import { SavedModelError } from "../../../base/errors.js";
import { quote } from "../../../base/text.js";
import { attributeOf, type GraphIndex, sharedName } from "../../../saved-model/graph/graph.js";
import type { Message } from "../../../saved-model/proto/decode.js";

/** Kind of node that holds a value: a variable, one of TensorFlow 1's references, or a table that is mutable or not. */
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

/** Types of operations whose value outlives a run, and is found by its container and name. */
export const RESOURCE_TYPES: ReadonlySet<string> = new Set(KINDS.keys());

/** A node of the main graph whose value outlives calls. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly node: Message<"NodeDef">;
}

/** Returns true for a table. */
export function isTable({ kind }: Resource): boolean {
  return kind === "table" || kind === "mutable table";
}

/** Returns true if a node passes its resource on as a reference, as in TensorFlow 1. */
export function isReference({ kind, node }: Resource): boolean {
  return kind === "reference" || (kind !== "variable" && !node.op.endsWith("V2"));
}

/** The variables and tables of the main graph by the names of their nodes. */
export function findResources(graph: GraphIndex): ReadonlyMap<string, Resource> {
  const resources = new Map<string, Resource>();
  for (const node of graph.ofTypes(RESOURCE_TYPES)) {
    const kind = KINDS.get(node.op);
    if (kind !== undefined) resources.set(node.name, { kind, node });
  }
  return resources;
}

/**
 * Returns the dtype, by TensorFlow's number, in an attribute that all nodes of a type have.
 *
 * @throws SavedModelError `MODEL_CORRUPT`
 */
export function dtypeOf(node: Message<"NodeDef">, attribute: string): number {
  const dtype = attributeOf(node, attribute)?.type;
  if (dtype !== undefined) return dtype;
  const what = `the operation ${quote(node.name)} lacks its attribute ${attribute}`;
  throw new SavedModelError("MODEL_CORRUPT", what);
}

/** Returns the name of a resource for messages: `variable "w"`. */
export function nameOf({ kind, node }: Resource): string {
  return `${kind.includes("table") ? "table" : "variable"} ${quote(sharedName(node))}`;
}

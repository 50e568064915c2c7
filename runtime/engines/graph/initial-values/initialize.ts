import { join } from "node:path";
import { type GraphIndex, nodeOf, operationOf, upstream } from "../../../saved-model/graph/graph.js";
import { assetsOf, nodesIn, variablesIn } from "../../../saved-model/graph/loader-operations.js";
import type { Message } from "../../../saved-model/proto/decode.js";
import type { Session } from "../../local/session.js";
import { addStringPlaceholder, prepareTargets, stringInput } from "../target-call.js";
import type { Resource } from "./resources.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The operations that fill a table; the table is their first input. */
const TABLE_INITIALISERS: ReadonlySet<string> = new Set([
  "InitializeTable",
  "InitializeTableFromTextFile",
  "InitializeTableFromTextFileV2",
  "InitializeTableV2",
]);

const PLACE = "savedmodel/initialise";

/**
 * Runs the initialisers that a model of TensorFlow 1 lists for tables and local variables, as `tf.saved_model.load` does
 * for a model without an operation that initialises it.
 */
export function initialise(
  session: Session,
  metaGraph: MetaGraph,
  graph: GraphIndex,
  resources: readonly Resource[],
): void {
  const wanted = new Set(resources.map(({ node }) => node.name));
  const names = [...tableInitialisers(metaGraph, graph, resources), ...localInitialisers(metaGraph, wanted)];
  const targets = names.map((name) => session.operation(name)).filter((operation) => operation !== null);
  if (targets.length === 0) return;
  const needed = upstream(graph, names);
  const assets = new Map(assetsOf(metaGraph).map(({ tensorInfo, filename }) => [tensorInfo?.name ?? "", filename]));
  const fed = [...assets].filter(([tensor]) => needed.has(nodeOf(tensor)));
  const from = addStringPlaceholder(session, `${PLACE}/from`);
  const inputs = [stringInput("from", 0, `${PLACE}/from`), ...fed.map(([tensor]) => stringInput(tensor, 0, tensor))];
  const call = prepareTargets(session, "load", `${PLACE}/done`, inputs, from, targets);
  call.run(["", ...fed.map(([, filename]) => join(session.directory, "assets", filename))], "tensors");
}

/** The initialisers of tables: those that the model lists, or else the only one that the graph has for a table. */
function tableInitialisers(metaGraph: MetaGraph, graph: GraphIndex, resources: readonly Resource[]): readonly string[] {
  const tables = new Set(resources.filter(({ kind }) => kind === "table").map(({ node }) => node.name));
  if (tables.size === 0) return [];
  const listed = nodesIn(metaGraph.collectionDef, "table_initializer").map(operationOf);
  const used = listed.filter((name) => [...upstream(graph, [name])].some((node) => tables.has(node)));
  const filled = new Set(used.flatMap((name) => [...upstream(graph, [name])]));
  const byTable = new Map<string, string[]>();
  for (const { name, input } of graph.ofTypes(TABLE_INITIALISERS)) {
    const table = nodeOf(input[0] ?? "");
    if (!tables.has(table) || filled.has(table)) continue;
    byTable.set(table, [...(byTable.get(table) ?? []), name]);
  }
  const only = [...byTable.values()].flatMap((found) => (found.length === 1 ? found : []));
  return [...used, ...only];
}

function localInitialisers({ collectionDef }: MetaGraph, wanted: ReadonlySet<string>): readonly string[] {
  return variablesIn(collectionDef, "local_variables")
    .filter(({ variableName }) => wanted.has(operationOf(variableName)))
    .map(({ initializerName }) => operationOf(initializerName));
}

import type { Steps } from "../../../base/steps.js";
import { type GraphIndex, nodeOf, operationOf, upstream } from "../../../saved-model/graph/graph.js";
import { assetsOf, nodesIn, variablesIn } from "../../../saved-model/graph/loader-operations.js";
import type { Message } from "../../../saved-model/proto/decode.js";
import type { GraphSession } from "../graph-session.js";
import { stringTensor } from "../string-feeds.js";
import type { Resource } from "./resources.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The operations that fill a table; the table is their first input. */
const TABLE_INITIALIZERS: ReadonlySet<string> = new Set([
  "InitializeTable",
  "InitializeTableFromTextFile",
  "InitializeTableFromTextFileV2",
  "InitializeTableV2",
]);

/**
 * Runs the initializers that a model of TensorFlow 1 lists for tables and local variables, as `tf.saved_model.load` does
 * for a model without an operation that initializes it.
 */
export function* initialize(
  session: GraphSession,
  metaGraph: MetaGraph,
  graph: GraphIndex,
  resources: readonly Resource[],
): Steps<void> {
  const wanted = new Set(resources.map(({ node }) => node.name));
  const names = [...tableInitializers(metaGraph, graph, resources), ...localInitializers(metaGraph, wanted)];
  const targets = names.filter((name) => graph.edges(name) !== undefined);
  if (targets.length === 0) return;
  const needed = upstream(graph, targets);
  const files = new Map<string, string>();
  for (const { tensorInfo, filename } of assetsOf(metaGraph)) if (tensorInfo) files.set(tensorInfo.name, filename);
  const fed = [...files].filter(([tensor]) => needed.has(nodeOf(tensor)));
  const feeds = fed.map(
    ([tensor, filename]) => [tensor, stringTensor(`${session.directory}/assets/${filename}`)] as const,
  );
  yield* session.run("load()", { feeds, targets });
}

/** The initializers of tables: those that the model lists, or else the only one that the graph has for a table. */
function tableInitializers(metaGraph: MetaGraph, graph: GraphIndex, resources: readonly Resource[]): readonly string[] {
  const tables = new Set(resources.filter(({ kind }) => kind === "table").map(({ node }) => node.name));
  if (tables.size === 0) return [];
  const listed = nodesIn(metaGraph.collectionDef, "table_initializer").map(operationOf);
  const used = listed.filter((name) => [...upstream(graph, [name])].some((node) => tables.has(node)));
  const filled = new Set(used.flatMap((name) => [...upstream(graph, [name])]));
  const byTable = new Map<string, string[]>();
  for (const { name, input } of graph.ofTypes(TABLE_INITIALIZERS)) {
    const [table] = input.map(nodeOf);
    if (table === undefined || !tables.has(table) || filled.has(table)) continue;
    byTable.set(table, [...(byTable.get(table) ?? []), name]);
  }
  const only = [...byTable.values()].flatMap((found) => (found.length === 1 ? found : []));
  return [...used, ...only];
}

function localInitializers({ collectionDef }: MetaGraph, wanted: ReadonlySet<string>): readonly string[] {
  return variablesIn(collectionDef, "local_variables")
    .filter(({ variableName }) => wanted.has(operationOf(variableName)))
    .map(({ initializerName }) => operationOf(initializerName));
}

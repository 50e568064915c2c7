import type { Steps } from "../../base/steps.js";
import { type GraphIndex, operationOf, upstream } from "../../saved-model/graph/graph.js";
import { assetsOf, initOperation } from "../../saved-model/graph/loader-operations.js";
import type { Message } from "../../saved-model/proto/decode.js";
import type { Tensor } from "../../tensor/tensor.js";
import { copyFromSaved } from "../graph/copy-variables.js";
import type { GraphSession } from "../graph/graph-session.js";
import { assigns } from "../graph/initial-values/assigners.js";
import {
  type AbsentValues,
  giveValues,
  nodesBySignature,
  nodesOf,
  withoutValue,
} from "../graph/initial-values/give-values.js";
import { initialize } from "../graph/initial-values/initialize.js";
import { findResources, isTable, type Resource } from "../graph/initial-values/resources.js";
import { stringTensor } from "../graph/string-feeds.js";

type MetaGraph = Message<"MetaGraphDef">;

/** For messages. */
const CALL = "connect()";

/**
 * Does what TensorFlow's loader does with a graph, and a load after it: restores all variables from the checkpoint of the
 * model, and initializes its tables.
 *
 * @returns the resources that have no value after it
 */
export function* loadValues(session: GraphSession, metaGraph: MetaGraph, graph: GraphIndex): Steps<AbsentValues> {
  const { filenameTensorName = "", restoreOpName = "" } = metaGraph.saverDef ?? {};
  const { checkpoint } = session;
  if (checkpoint !== undefined && restoreOpName !== "" && filenameTensorName !== "") {
    const feeds = [[filenameTensorName, stringTensor(checkpoint)] as const, ...assetFeeds(session, metaGraph)];
    yield* session.run(CALL, { feeds, targets: [operationOf(restoreOpName)] });
  }
  yield* runInitOperation(session, metaGraph);
  yield* copyFromSaved(session, CALL, "unsaved");
  return yield* giveValues(session, metaGraph, graph);
}

/**
 * Initializes the tables that another session does not share, unless that would change variables.
 *
 * @returns the variables and tables that a loader gives values, and that signatures need, without one
 */
export function* attachValues(
  session: GraphSession,
  metaGraph: MetaGraph,
  graph: GraphIndex,
): Steps<readonly Resource[]> {
  const missing = yield* withoutValue(session, metaGraph, graph);
  if (!missing.some(isTable)) return missing;
  const operation = initOperation(metaGraph);
  const nodes = operation === undefined ? new Set<string>() : upstream(graph, [operationOf(operation)]);
  const variables = [...findResources(graph).values()].filter((resource) => !isTable(resource));
  if (!variables.some(({ node }) => assigns(graph, nodes, node.name))) yield* runInitOperation(session, metaGraph);
  const left = yield* withoutValue(session, metaGraph, graph);
  yield* initialize(session, metaGraph, graph, left.filter(isTable));
  return yield* withoutValue(session, metaGraph, graph);
}

/**
 * Returns the nodes of the main graph that only save, restore and initialize: those that read and write files are among
 * them.
 */
export function storageNodes(metaGraph: MetaGraph, graph: GraphIndex): ReadonlySet<string> {
  const { saveTensorName = "", restoreOpName = "" } = metaGraph.saverDef ?? {};
  const operations = [saveTensorName, restoreOpName, initOperation(metaGraph) ?? ""].filter((name) => name !== "");
  const used = nodesOf(nodesBySignature(metaGraph, graph));
  return new Set([...upstream(graph, operations.map(operationOf))].filter((name) => !used.has(name)));
}

function* runInitOperation(session: GraphSession, metaGraph: MetaGraph): Steps<void> {
  const operation = initOperation(metaGraph);
  if (operation === undefined) return;
  yield* session.run(CALL, { feeds: assetFeeds(session, metaGraph), targets: [operationOf(operation)] });
}

/** The paths of the files beside the graph. */
function assetFeeds(session: GraphSession, metaGraph: MetaGraph): readonly (readonly [string, Tensor])[] {
  return assetsOf(metaGraph).flatMap(({ tensorInfo, filename }) =>
    tensorInfo === null ? [] : [[tensorInfo.name, stringTensor(`${session.directory}/assets/${filename}`)] as const],
  );
}

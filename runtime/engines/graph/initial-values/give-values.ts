import { SavedModelError } from "../../../base/errors.js";
import type { Steps } from "../../../base/steps.js";
import { printable, quote } from "../../../base/text.js";
import { outputOperations } from "../../../saved-model/graph/duplicated-variables.js";
import { type GraphIndex, upstream } from "../../../saved-model/graph/graph.js";
import { loadedNodes } from "../../../saved-model/graph/loader-operations.js";
import type { Message } from "../../../saved-model/proto/decode.js";
import { isHidden } from "../../../saved-model/signatures.js";
import type { GraphSession } from "../graph-session.js";
import { assigns } from "./assigners.js";
import { restoreFromCheckpoint } from "./from-checkpoint.js";
import { prepareCheck } from "./has-value.js";
import { initialize } from "./initialize.js";
import { findResources, nameOf, type Resource } from "./resources.js";

type MetaGraph = Message<"MetaGraphDef">;

/** A variable or table that has no value after loading. */
export interface AbsentValue {
  /** `variable "w"` */
  readonly name: string;
  /** The keys of the signatures that give it one. */
  readonly assignedBy: readonly string[];
}

/** Resources that signatures need and the model has no values for, by the key of the signature. */
export type AbsentValues = ReadonlyMap<string, readonly AbsentValue[]>;

/** For messages. */
const CALL = "load()";

/**
 * Assigns values to the variables and tables that signatures use, where TensorFlow's loader did not: from the
 * checkpoint, or else from an initializer. The file tells which they are, so that a model whose loader does all of it
 * costs no run.
 *
 * @returns the resources that still have no value
 * @throws SavedModelError `VARIABLES_NOT_FOUND` when this leaves no signature that can be called; TensorFlowError
 */
export function* giveValues(session: GraphSession, metaGraph: MetaGraph, graph: GraphIndex): Steps<AbsentValues> {
  const resources = findResources(graph);
  if (resources.size === 0) return new Map();
  const loaded = loadedNodes(metaGraph, graph, session.checkpoint !== undefined);
  const copies = session.variableHandles.split.filter(({ isUsedSaved, saved }) => !isUsedSaved && loaded.has(saved));
  const copied = new Set(copies.map(({ used }) => used));
  const others = [...resources].filter(([name]) => !loaded.has(name) && !copied.has(name));
  if (others.length === 0) return new Map();
  const uses = nodesBySignature(metaGraph, graph);
  const used = nodesOf(uses);
  const needed = others.filter(([name]) => used.has(name)).map(([, resource]) => resource);
  if (needed.length === 0) return new Map();
  const check = prepareCheck(session, needed);
  const before = yield* check(CALL);
  const missing = needed.filter(({ kind }, index) => kind === "mutable table" || before[index] === false);
  if (missing.length === 0) return new Map();
  yield* restoreFromCheckpoint(session, metaGraph, graph, missing);
  const restored = yield* check(CALL);
  yield* initialize(
    session,
    metaGraph,
    graph,
    needed.filter((_, index) => restored[index] === false),
  );
  const after = yield* check(CALL);
  const absent = needed.filter((_, index) => after[index] === false);
  return requireValues(session, graph, uses, absent);
}

/**
 * Returns the variables and tables that signatures use and that TensorFlow's loader, or a copy after it, gives a value, but
 * that have none in this session.
 */
export function* withoutValue(
  session: GraphSession,
  metaGraph: MetaGraph,
  graph: GraphIndex,
): Steps<readonly Resource[]> {
  const resources = findResources(graph);
  if (resources.size === 0) return [];
  const given = loadedNodes(metaGraph, graph, true);
  const copied = new Set(session.variableHandles.split.map(({ used }) => used));
  const used = nodesOf(nodesBySignature(metaGraph, graph));
  const needed = [...resources].filter(([name, resource]) => {
    return used.has(name) && (given.has(name) || copied.has(name) || resource.kind === "table");
  });
  const has = yield* prepareCheck(
    session,
    needed.map(([, resource]) => resource),
  )(CALL);
  return needed.filter((_, index) => has[index] === false).map(([, resource]) => resource);
}

/** The nodes of the main graph that each signature runs, by its key. */
export function nodesBySignature(metaGraph: MetaGraph, graph: GraphIndex): ReadonlyMap<string, ReadonlySet<string>> {
  const signatures = metaGraph.signatureDef.filter(({ key }) => !isHidden(key));
  return new Map(signatures.map(({ key, value }) => [key, upstream(graph, outputOperations(value))]));
}

/** The nodes that any of the signatures runs. */
export function nodesOf(uses: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  return new Set([...uses.values()].flatMap((nodes) => [...nodes]));
}

/** Rejects a model of which no signature can be called, neither now nor after another. */
function requireValues(
  session: GraphSession,
  graph: GraphIndex,
  uses: ReadonlyMap<string, ReadonlySet<string>>,
  absent: readonly Resource[],
): AbsentValues {
  const values = absent.map((resource) => {
    const isAssigned = ([, nodes]: readonly [string, ReadonlySet<string>]): boolean =>
      assigns(graph, nodes, resource.node.name);
    const assignedBy = [...uses].filter(isAssigned).map(([key]) => key);
    return { node: resource.node.name, name: nameOf(resource), assignedBy };
  });
  const bySignature = new Map(
    [...uses].map(([key, nodes]) => [key, values.filter(({ node }) => nodes.has(node))] as const),
  );
  const isHopeless = [...bySignature.values()].every((needs) =>
    needs.some(({ assignedBy }) => assignedBy.length === 0),
  );
  if (values.length === 0 || !isHopeless) return bySignature;
  const lost = values.filter(({ assignedBy }) => assignedBy.length === 0);
  throw new SavedModelError(
    "VARIABLES_NOT_FOUND",
    `${printable(session.directory, 500)} has no value for the ${listOf(lost)}: ${NOWHERE}`,
    { fix: "Export the model again with its values." },
  );
}

const NOWHERE = "neither its checkpoint nor an initializer gives it one";
const SHOWN = 3;

/** `variable "w", the variable "b" and 3 more` */
export function listOf(values: readonly Pick<AbsentValue, "name">[]): string {
  const names = values.slice(0, SHOWN).map(({ name }) => name);
  const more = values.length > SHOWN ? ` and ${values.length - SHOWN} more` : "";
  return `${names.join(", the ")}${more}`;
}

/** Returns advice for a failed call of a signature that needs values which the model does not have. */
export function adviseOn(values: readonly AbsentValue[]): string | undefined {
  if (values.length === 0) return undefined;
  const lost = values.filter(({ assignedBy }) => assignedBy.length === 0);
  if (lost.length > 0) return `It needs the ${listOf(lost)}, which has no value: ${NOWHERE}.`;
  const keys = [...new Set(values.flatMap(({ assignedBy }) => assignedBy))].slice(0, SHOWN).map(quote);
  return `It needs the ${listOf(values)}, which has no value after loading: call ${keys.join(" or ")} first.`;
}

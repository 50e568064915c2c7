import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { once } from "../../base/once.js";
import { runLater } from "../../base/steps.js";
import { printable, reasonOf } from "../../base/text.js";
import { requireSameSignatures } from "../../client/compare-signatures.js";
import type { AsyncVariableStore, DenseSignature, Engine, Execution, Pool } from "../../engine.js";
import { FairPool } from "../../queue/fair-pool.js";
import { readNamedSignatures } from "../../saved-model/arguments/author-arguments.js";
import { readEffects } from "../../saved-model/effects/write-effects.js";
import { locateModel } from "../../saved-model/files/locate-model.js";
import { chooseMetaGraph, readMetaGraphs, requireModelFile } from "../../saved-model/files/saved-model-file.js";
import { findVariableHandles, type VariableHandles } from "../../saved-model/graph/duplicated-variables.js";
import { type GraphIndex, openGraph } from "../../saved-model/graph/graph.js";
import { checkpointOf } from "../../saved-model/graph/loader-operations.js";
import { adviseOnOp } from "../../saved-model/graph/op-packages.js";
import { withoutConstants } from "../../saved-model/graph/without-constants.js";
import type { ModelSpec } from "../../saved-model/model-spec.js";
import type { Message } from "../../saved-model/proto/decode.js";
import type { SignatureInfo } from "../../saved-model/signature-info.js";
import { type AbsentValues, adviseOn, listOf } from "../graph/initial-values/give-values.js";
import { findResources, isTable, nameOf } from "../graph/initial-values/resources.js";
import { addressOf } from "../remote/addresses.js";
import { GrpcServer, loadGrpc } from "../remote/grpc-server.js";
import type { ConnectionSettings } from "../remote/remote-options.js";
import { Requests } from "../remote/requests.js";
import { ServerPool } from "../remote/server-pool.js";
import { ClusterExecution, type SignatureSession } from "./cluster-execution.js";
import { ClusterGraph } from "./cluster-graph.js";
import { clusterVariables } from "./cluster-variables.js";
import { type ExclusiveSignature, exclusiveSignatures } from "./exclusive-updates.js";
import { attachValues, loadValues, storageNodes } from "./load-values.js";
import { checkMaster, MasterSession } from "./master-session.js";
import { type GraphPlan, type PlacedGraph, type Placement, placeGraph } from "./place-graph.js";

/** Checked options of a cluster beside those of the connection. */
export interface ClusterSettings {
  readonly directory: string | undefined;
  readonly serverDirectory: string | undefined;
  readonly tags: readonly string[] | undefined;
  readonly state: "attach" | "restore" | "private";
  readonly container: string | undefined;
  readonly placement: Placement;
  readonly exclusive: boolean;
}

/** The model of a client, as its folder on this machine has it. */
interface Adopted {
  readonly name: string;
  readonly folder: string;
  readonly metaGraph: Message<"MetaGraphDef">;
  readonly signatures: readonly SignatureInfo[];
  readonly graph: GraphIndex;
}

/** A connection that was opened. */
interface Connected {
  readonly session: MasterSession;
  readonly exclusive: readonly ExclusiveSignature[];
  readonly graph: ClusterGraph;
}

/** Runs the signatures of a model on servers of TensorFlow's distributed runtime. */
export class ClusterEngine implements Engine {
  readonly source: string;
  readonly pool: Pool;
  readonly timeoutMs: number;
  readonly asyncVariables: AsyncVariableStore;
  readonly #connection: ConnectionSettings;
  readonly #settings: ClusterSettings;
  #adopted: Adopted | undefined;
  #connected: Connected | undefined;
  #absent: AbsentValues = new Map();
  #isDisposed = false;

  constructor(connection: ConnectionSettings, settings: ClusterSettings) {
    this.#connection = connection;
    this.#settings = settings;
    this.source = connection.urls.map(addressOf).join(", ");
    this.timeoutMs = connection.timeoutMs;
    const { maxInFlight } = connection;
    this.pool = new FairPool(() => maxInFlight);
    this.asyncVariables = clusterVariables((call) => this.#requireConnected(call).graph);
  }

  get signatures(): readonly SignatureInfo[] {
    return this.#adopted?.signatures ?? [];
  }

  adopt(expected: ModelSpec, clientFile?: () => string | undefined): void {
    if (this.#adopted !== undefined) {
      throw new SavedModelError("INVALID_ARGUMENT", `${expected.name}.connect(): this engine has a client already`, {
        fix: "Make another one: call `cluster()` again.",
      });
    }
    const { directory, tags = expected.tags } = this.#settings;
    const folder = resolve(
      locateModel(directory ?? expected.directory, directory === undefined ? clientFile?.() : undefined),
    );
    requireBinary(folder);
    const metaGraph = chooseMetaGraph(folder, readMetaGraphs(folder), tags);
    const signatures = readNamedSignatures(metaGraph);
    requireSameSignatures(expected, { source: folder, signatures });
    this.#adopted = { name: expected.name, folder, metaGraph, signatures, graph: openGraph(metaGraph.graphDef) };
  }

  async open(): Promise<void> {
    const adopted = this.#requireAdopted();
    const { metaGraph, folder, graph } = adopted;
    const call = `${adopted.name}.connect()`;
    const grpc = await loadGrpc(call);
    const servers = this.#connection.urls.map((url) => new GrpcServer(grpc, url, this.#connection, checkMaster));
    const requests = new Requests("cluster", this.#connection, new ServerPool(servers));
    const { state, placement } = this.#settings;
    const { plan, placed, variableHandles } = this.#plan(adopted);
    let first: PlacedGraph | undefined = placed;
    const graphOnce = (): PlacedGraph => {
      const made = first ?? placeGraph(plan);
      // Not kept for a session that may never take the place of this one: it may be large.
      first = undefined;
      return made;
    };
    const session = new MasterSession(
      requests,
      this.#connection,
      graphOnce,
      state === "private",
      placement.variables ?? "",
    );
    const directory = this.#settings.serverDirectory ?? folder;
    const clusterGraph = new ClusterGraph(session, { directory, metaGraph, variableHandles });
    this.#connected = { session, exclusive: plan.exclusive, graph: clusterGraph };
    if (this.#isDisposed) void session.close();
    try {
      await session.open(call);
    } catch (error) {
      throw openError(call, error);
    }
    session.onReopened = async () => {
      await runLater(attachValues(clusterGraph, metaGraph, graph));
    };
    try {
      if (state === "attach") await this.#attach(adopted, clusterGraph);
      else await this.#load(adopted, clusterGraph);
    } catch (error) {
      throw valuesError(call, error);
    }
  }

  prepare(signature: DenseSignature): Execution {
    const { graph } = this.#requireAdopted();
    // A signature may be prepared before the engine is connected.
    const session = (): SignatureSession => {
      const { session, exclusive } = this.#requireConnected(signature.name);
      const targets = exclusive.filter(({ key }) => key === signature.key).map(({ unlock }) => unlock);
      return { session, targets };
    };
    const { maxMessageBytes } = this.#connection;
    const explain = (key: string, error: unknown): unknown => this.#explain(key, error);
    const writes = (operations: readonly string[]): boolean => this.#effects().writes(operations);
    return new ClusterExecution({ session, graph, maxMessageBytes, writes, explain }, signature);
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#connected?.session.close();
  }

  /** Kept as long as the engine: without the weights that a frozen graph has in its constants. */
  readonly #effects = once(() => readEffects(withoutConstants(this.#requireAdopted().metaGraph.graphDef)));

  /** @throws SavedModelError `MODEL_CORRUPT` */
  #plan({ folder, metaGraph, graph }: Adopted): {
    readonly plan: GraphPlan;
    readonly placed: PlacedGraph;
    readonly variableHandles: VariableHandles;
  } {
    const { container, exclusive, placement, state } = this.#settings;
    const { graphDef } = metaGraph;
    const writes = (operations: readonly string[]): boolean => this.#effects().writes(operations);
    try {
      const plan = {
        graphDef,
        container: container ?? containerOf(graphDef),
        placement,
        storage: storageNodes(metaGraph, graph),
        exclusive: exclusive && state !== "private" ? exclusiveSignatures(metaGraph, graph, writes) : [],
      };
      return { plan, placed: placeGraph(plan), variableHandles: findVariableHandles(metaGraph, graph) };
    } catch (cause) {
      const what = `the graph of ${printable(folder, 500)} cannot be read: ${printable(reasonOf(cause), 500)}`;
      throw new SavedModelError("MODEL_CORRUPT", what, { cause });
    }
  }

  async #attach({ name, folder, metaGraph, graph }: Adopted, session: ClusterGraph): Promise<void> {
    const missing = await runLater(attachValues(session, metaGraph, graph));
    if (missing.length === 0) return;
    const what = listOf(missing.map((resource) => ({ name: nameOf(resource) })));
    const message = `${name}.connect(): ${this.source} has no value for the ${what} of ${printable(folder, 500)}`;
    throw new SavedModelError("VARIABLES_NOT_FOUND", message, {
      fix: 'Connect once with `state: "restore"`, which restores the variables of all clients from the folder.',
    });
  }

  async #load({ name, folder, metaGraph, graph }: Adopted, session: ClusterGraph): Promise<void> {
    const prefix = `${session.directory}/variables/variables`;
    const files = await runLater(session.matchingFiles([`${prefix}.index`]));
    const hasVariables = [...findResources(graph).values()].some((resource) => !isTable(resource));
    if (files.size > 0) {
      session.checkpoint = prefix;
    } else if (checkpointOf(folder) !== undefined || (metaGraph.saverDef?.restoreOpName && hasVariables)) {
      const what = `${name}.connect(): ${this.source} has no file ${printable(prefix, 500)}.index`;
      throw new SavedModelError("VARIABLES_NOT_FOUND", what, { fix: NEEDS_FOLDER });
    }
    this.#absent = await runLater(loadValues(session, metaGraph, graph));
  }

  #requireAdopted(): Adopted {
    if (this.#adopted !== undefined) return this.#adopted;
    throw new SavedModelError("INVALID_ARGUMENT", "cluster(): the engine has no client", {
      fix: "Pass it to the static method `connect` of a client.",
    });
  }

  #requireConnected(call: string): Connected {
    if (this.#connected !== undefined) return this.#connected;
    throw new SavedModelError("INVALID_ARGUMENT", `${call}: the engine is not connected`, {
      fix: "Pass it to the static method `connect` of a client.",
    });
  }

  /** Adds advice to the error of a call that reads what has no value. */
  #explain(key: string, error: unknown): unknown {
    if (!(error instanceof SavedModelError) || !ABSENT.has(error.code) || error.fix !== undefined) return error;
    const wasLost = this.#connected?.session.wasLost === true;
    const fix = wasLost ? LOST : adviseOn(this.#absent.get(key) ?? []);
    return fix === undefined ? error : new SavedModelError(error.code, error.rawMessage, { fix, cause: error.cause });
  }
}

const ABSENT: ReadonlySet<string> = new Set(["TF_ABORTED", "TF_FAILED_PRECONDITION", "TF_NOT_FOUND"]);
/** Codes of reads of files that a server does not have. */
const MISSING: ReadonlySet<string> = new Set(["TF_NOT_FOUND", "TF_DATA_LOSS"]);

const LOST =
  'A server was restarted, and the variables may be lost: call `restore()`, or connect with `state: "restore"`.';

/**
 * Rejects a model in text format, of which only a part is read, and a server needs all.
 *
 * @throws SavedModelError `MODEL_FORMAT_UNSUPPORTED`, and the codes of a folder that is not a model's
 */
function requireBinary(folder: string): void {
  const file = requireModelFile(folder);
  if (!file.endsWith(".pbtxt")) return;
  throw new SavedModelError("MODEL_FORMAT_UNSUPPORTED", `${printable(file, 500)} is in text format`, {
    fix: "Load it in Python and save it again: servers need a saved_model.pb.",
  });
}

/**
 * Returns the name of the container of a model's variables: other models may have variables of the same names, and a
 * copy that was saved has the same graph.
 */
function containerOf(graphDef: Uint8Array): string {
  return `savedmodel-${createHash("sha256").update(graphDef).digest("hex").slice(0, 32)}`;
}

const NEEDS_FOLDER = "The servers need the model's folder: pass its path there as `serverDirectory`.";

/** Returns the error of a client that connects for that of a run which gives variables and tables their values. */
function valuesError(call: string, error: unknown): unknown {
  if (!(error instanceof SavedModelError)) return error;
  const { code, rawMessage, fix, cause } = error;
  // What works on graphs has the names of the methods that do so in process.
  const what = rawMessage.replace(/^(load|restore|connect|variables)\(\)(?=:)/, call);
  if (MISSING.has(code)) return new SavedModelError("LOAD_FAILED", what, { fix: NEEDS_FOLDER, cause });
  return new SavedModelError(code, what, { ...(fix === undefined ? {} : { fix }), cause });
}

/** Returns the error of a session that could not be created. */
function openError(call: string, error: unknown): unknown {
  if (!(error instanceof SavedModelError)) return error;
  const { code, rawMessage, cause } = error;
  const op = /Op type not registered '([^']+)'/.exec(rawMessage)?.[1];
  if (op !== undefined) {
    const what = `${call}: the server lacks the operation ${JSON.stringify(op)}`;
    return new SavedModelError("OP_NOT_REGISTERED", what, { fix: adviseOnOp(op), cause });
  }
  if (code === "TF_DEADLINE_EXCEEDED") {
    return new SavedModelError(code, rawMessage, {
      fix: "A server waits until all tasks of its cluster run: start them, or raise `timeoutMs`.",
      cause,
    });
  }
  if (code === "TF_UNIMPLEMENTED") {
    return new SavedModelError(code, rawMessage, {
      fix: "The address must be that of a server of TensorFlow's runtime, as `savedmodel worker` starts it.",
      cause,
    });
  }
  return error;
}

import { SavedModelError } from "../../base/errors.js";
import type { RunLimits } from "../../engine.js";
import { limitsOf } from "../../queue/deadline.js";
import { operationOf, outputIndexOf } from "../../saved-model/graph/graph.js";
import type { Integer64 } from "../../saved-model/proto/decode.js";
import { dtypeInfo, dtypeName, isDType } from "../../tensor/dtype.js";
import { Tensor } from "../../tensor/tensor.js";
import type { GraphRun, NodeSpec } from "../graph/graph-session.js";
import type { GrpcServer } from "../remote/grpc-server.js";
import type { ConnectionSettings } from "../remote/remote-options.js";
import type { CallRequest, Requests, SendOptions } from "../remote/requests.js";
import { ServerError } from "../remote/server-error.js";
import { fromTensorProto, toTensorProto } from "../remote/tensor-proto.js";
import { codec, type MasterFields, type MasterMessage } from "./master-messages.js";
import type { PlacedGraph } from "./place-graph.js";

const MASTER = "/tensorflow.MasterService";

/** Feeds and fetches of a signature, by the names of tensors. */
export interface CallableSpec {
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
  /** Operations that run too. */
  readonly targets: readonly string[];
}

/** A session that the server has. */
interface Opened {
  readonly handle: string;
  graphVersion: Integer64;
  /** Number of the added operations that the server has. */
  sent: number;
  /** The last extension that was begun. */
  extending: Promise<void>;
  /** Handles of callables, by what they feed and fetch. */
  readonly callables: Map<string, Promise<Integer64>>;
}

/**
 * A session of a graph on a server. It is created by the first request, and again by the next one after the server has
 * lost it.
 */
export class MasterSession {
  readonly #requests: Requests<GrpcServer>;
  readonly #settings: ConnectionSettings;
  readonly #graph: () => PlacedGraph;
  readonly #isPrivate: boolean;
  readonly #device: string;
  readonly #added: NodeSpec[] = [];
  #opening: Promise<Opened> | undefined;
  /** The same, after what follows the loss of a session. */
  #ready: Promise<Opened> | undefined;
  #wasLost = false;
  /** Called with a session that takes the place of a lost one. */
  onReopened: (() => Promise<void>) | undefined;

  /**
   * @param graph makes the graph of a session
   * @param isPrivate true for variables that no other session sees
   * @param device device of operations that are added to the graph
   */
  constructor(
    requests: Requests<GrpcServer>,
    settings: ConnectionSettings,
    graph: () => PlacedGraph,
    isPrivate: boolean,
    device: string,
  ) {
    this.#requests = requests;
    this.#settings = settings;
    this.#graph = graph;
    this.#isPrivate = isPrivate;
    this.#device = device;
  }

  /** True once the server has lost a session, and with it maybe its variables. */
  get wasLost(): boolean {
    return this.#wasLost;
  }

  /**
   * Creates the session, unless there is one.
   *
   * @throws SavedModelError `TF_<STATUS>`
   */
  async open(call: string): Promise<void> {
    await this.#open(call, true);
  }

  /** Adds operations with the next run. */
  add(nodes: readonly NodeSpec[]): void {
    this.#added.push(...nodes);
  }

  /**
   * Runs a part of the graph.
   *
   * @throws SavedModelError `TF_<STATUS>`
   */
  async run(call: string, { feeds = [], fetches = [], targets = [] }: GraphRun): Promise<readonly Tensor[]> {
    const request = (sessionHandle: string): Uint8Array =>
      codec.encode("RunStepRequest", {
        sessionHandle,
        feed: feeds.map(([name, tensor]) => ({ name: endpoint(name), tensor: protoOf(tensor) })),
        fetch: [...new Set(fetches.map(endpoint))],
        target: targets,
      });
    return await this.#withSession(call, false, async (opened) => {
      await this.#extend(call, opened);
      return await this.#request(call, "RunStep", request(opened.handle), (answer) => {
        const { tensor } = codec.decode("RunStepResponse", answer);
        const byName = new Map(tensor.map(({ name, tensor }) => [name, tensor]));
        return fetches.map((name) => this.#read(byName.get(endpoint(name))));
      });
    });
  }

  /**
   * Runs a signature.
   *
   * @param values one per feed, in their order
   * @param read reads the results, one per fetch; what it throws tells of an answer that cannot be read
   * @throws SavedModelError `TF_<STATUS>`
   */
  async call<T>(
    request: CallRequest,
    spec: CallableSpec,
    values: readonly MasterFields<"TensorProto">[],
    limits: RunLimits,
    read: (fetched: readonly MasterMessage<"TensorProto">[]) => T,
  ): Promise<T> {
    // Before anything is awaited: the values are the caller's own memory.
    const feed = codec.encode("RunCallableRequest", { feed: values });
    const { results } = await this.#withSession(request.name, true, async (opened) => {
      const handle = await this.#callable(request.name, opened, spec);
      const head = codec.encode("RunCallableRequest", { sessionHandle: opened.handle, handle });
      // Messages one after another are one.
      const message = Buffer.concat([head, feed]);
      return await this.#requests.send(request, limits, async (server, options) => {
        const answer = await send(server, options, "RunCallable", message);
        const { fetch } = codec.decode("RunCallableResponse", answer);
        const { fetches } = spec;
        if (fetch.length !== fetches.length)
          throw new RangeError(`expected ${fetches.length} results, got ${fetch.length}`);
        return { results: read(fetch) };
      });
    });
    return results;
  }

  /** Ends the session on the server, and closes the connection. Never rejects. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    try {
      const opened = await opening;
      if (opened === undefined) return;
      const message = codec.encode("CloseSessionRequest", { sessionHandle: opened.handle });
      const request = { name: "close()", key: "", isObserved: false };
      await this.#requests.send(request, limitsOf(CLOSE_MS), async (server, options) => {
        await send(server, options, "CloseSession", message);
        return {};
      });
    } catch {
      // The server that it was on may be gone.
    } finally {
      this.#requests.close();
    }
  }

  /**
   * Runs an action with the session; once more, with a new one, where the server says that it does not know it.
   *
   * @param isReady false for what may be a part of `onReopened`
   */
  async #withSession<T>(call: string, isReady: boolean, action: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = await this.#open(call, isReady);
    const opening = this.#opening;
    try {
      return await action(opened);
    } catch (error) {
      if (!isLost(error)) throw error;
      // Another call may have found it before.
      if (this.#opening === opening) this.#opening = undefined;
      this.#wasLost = true;
      // Of other answers it is not known whether a part of the run has been done.
      if (!isUnknown(error, opened.handle)) throw error;
    }
    return await action(await this.#open(call, isReady));
  }

  async #open(call: string, isReady: boolean): Promise<Opened> {
    if (this.#opening === undefined) {
      const isAgain = this.#wasLost;
      const opening = this.#create(call);
      const follow = async (opened: Opened): Promise<Opened> => {
        if (isAgain) await this.onReopened?.();
        return opened;
      };
      const ready = opening.then(follow);
      this.#opening = opening;
      this.#ready = ready;
      ready.catch(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    }
    return await (isReady ? (this.#ready ?? this.#opening) : this.#opening);
  }

  async #create(call: string): Promise<Opened> {
    const { graphDef, deviceFilters } = this.#graph();
    const isolateSessionState = this.#isPrivate;
    const message = codec.encode("CreateSessionRequest", {
      graphDef,
      config: { deviceFilters, allowSoftPlacement: true, isolateSessionState },
    });
    const { sessionHandle: handle, graphVersion } = await this.#request(call, "CreateSession", message, (answer) =>
      codec.decode("CreateSessionResponse", answer),
    );
    return { handle, graphVersion, sent: 0, extending: Promise.resolve(), callables: new Map() };
  }

  /** Sends the operations that were added since the last run. One extension follows another. */
  async #extend(call: string, opened: Opened): Promise<void> {
    const extend = async (): Promise<void> => {
      const begin = opened.sent;
      const nodes = this.#added.slice(begin);
      if (nodes.length === 0) return;
      const message = codec.encode("ExtendSessionRequest", {
        sessionHandle: opened.handle,
        graphDef: { node: nodes.map((node) => addedNode(node, this.#device)) },
        currentGraphVersion: opened.graphVersion,
      });
      try {
        opened.graphVersion = await this.#request(
          call,
          "ExtendSession",
          message,
          (answer) => codec.decode("ExtendSessionResponse", answer).newGraphVersion,
        );
      } catch (error) {
        // A server that rejects them would reject them in any session; of another failure it is not known what it has.
        if (error instanceof SavedModelError && REJECTED.has(error.code)) this.#added.splice(begin, nodes.length);
        else this.#opening = undefined;
        throw error;
      }
      opened.sent = begin + nodes.length;
    };
    opened.extending = opened.extending.catch(() => {}).then(extend);
    await opened.extending;
  }

  #callable(call: string, opened: Opened, { feeds, fetches, targets }: CallableSpec): Promise<Integer64> {
    const key = JSON.stringify([feeds, fetches, targets]);
    const known = opened.callables.get(key);
    if (known !== undefined) return known;
    const make = async (): Promise<Integer64> => {
      const options = { feed: feeds, fetch: fetches, target: targets };
      const message = codec.encode("MakeCallableRequest", { sessionHandle: opened.handle, options });
      return await this.#request(
        call,
        "MakeCallable",
        message,
        (answer) => codec.decode("MakeCallableResponse", answer).handle,
      );
    };
    // Shared by calls with other limits: it has its own.
    const making = make();
    opened.callables.set(key, making);
    making.catch(() => opened.callables.delete(key));
    return making;
  }

  /** @param read reads the answer; what it throws tells of one that cannot be read */
  async #request<T>(call: string, method: string, message: Uint8Array, read: (answer: Uint8Array) => T): Promise<T> {
    const request = { name: call, key: "", isObserved: false };
    const limits = limitsOf(this.#settings.timeoutMs);
    const { result } = await this.#requests.send(request, limits, async (server, options) => {
      return { result: read(await send(server, options, method, message)) };
    });
    return result;
  }

  #read(proto: MasterMessage<"TensorProto"> | null | undefined): Tensor {
    const dtype = dtypeName(proto?.dtype ?? 0);
    if (!proto || !isDType(dtype)) throw new SavedModelError("MODEL_CORRUPT", `a tensor is ${dtype} in the graph`);
    const { shape, elements } = fromTensorProto(proto, dtypeInfo(dtype), this.#settings.maxMessageBytes);
    return Tensor.own(dtype, shape, elements);
  }
}

/** Codes of operations that a graph cannot have. */
const REJECTED: ReadonlySet<string> = new Set(["TF_INVALID_ARGUMENT", "TF_NOT_FOUND", "TF_UNIMPLEMENTED"]);

/** Time that the end of a session may take. */
const CLOSE_MS = 5_000;

function send(server: GrpcServer, options: SendOptions, method: string, message: Uint8Array): Promise<Uint8Array> {
  return server.request({ ...options, path: `${MASTER}/${method}`, message });
}

/** Checks that a server of TensorFlow's runtime answers. */
export async function checkMaster(server: GrpcServer, signal: AbortSignal): Promise<void> {
  // It says at once that it does not have this session; a list of devices waits for all tasks of the cluster.
  await server.request({ path: `${MASTER}/CloseSession`, message: new Uint8Array(), signal });
}

/**
 * Messages of servers about a session that they, or another task of the cluster, do not have any more
 * (tensorflow/core/distributed_runtime/{master,worker,session_mgr,base_rendezvous_mgr}.cc).
 */
const LOST =
  /Session (handle )?\S+ is not found|[Ss]ession handle is not found|Graph handle is not found|device incarnation|Worker session .* not found|Session has been closed/;

/** Returns true where a server, or another task of its cluster, has been restarted. */
function isLost(error: unknown): boolean {
  const cause = error instanceof SavedModelError ? error.cause : undefined;
  return cause instanceof ServerError && LOST.test(cause.message);
}

/** Returns true where the server that was asked does not have the session: it has not run anything. */
function isUnknown(error: unknown, handle: string): boolean {
  const cause = error instanceof SavedModelError ? error.cause : undefined;
  return cause instanceof ServerError && cause.message.startsWith(`Session ${handle} is not found`);
}

/** `operation` → `operation:0` */
function endpoint(tensor: string): string {
  return `${operationOf(tensor)}:${outputIndexOf(tensor)}`;
}

function protoOf(tensor: Tensor): MasterFields<"TensorProto"> {
  return toTensorProto(dtypeInfo(tensor.dtype), { shape: tensor.shape, elements: Tensor.elementsOf(tensor) });
}

function addedNode({ op, name, inputs, dtypes }: NodeSpec, device: string): MasterFields<"AddedNode"> {
  const attr = Object.entries(dtypes).map(([key, type]) => ({
    key,
    value: typeof type === "number" ? { type } : { list: { type } },
  }));
  return { name, op, input: inputs.flat(), device, attr };
}

import { createServer } from "node:net";
import { SavedModelError } from "../../base/errors.js";
import { TensorFlowError } from "../../base/tensorflow-error.js";
import { firstLine, reasonOf } from "../../base/text.js";
import { WireWriter } from "../../saved-model/proto/wire-writer.js";
import { nativeApi } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { withStatus } from "./native/status.js";
import { loadOpLibraries } from "./op-library.js";

/** One task of a cluster of TensorFlow's distributed runtime. */
export interface ClusterTask {
  /** Addresses `host:port` of the tasks of each job. */
  readonly cluster: ReadonlyMap<string, readonly string[]>;
  readonly job: string;
  /** Number of the task within its job. */
  readonly task: number;
  /** Port to listen at; 0 for that of its address in the cluster. */
  readonly port: number;
}

/**
 * Starts a server of TensorFlow's distributed runtime in this process. It runs until the process ends: TensorFlow has not
 * implemented the end of one (`GrpcServer::Stop` returns UNIMPLEMENTED, and deleting a started server aborts).
 *
 * @param opLibraries files of custom operations and names of installed packs, for the graphs of clients
 * @returns its address, such as `grpc://127.0.0.1:2222`
 * @throws SavedModelError `LIBRARY_INVALID` if the library has no such server, `OP_LIBRARY_INVALID`, `TF_…` when the server
 * cannot be started, and the codes of a library that cannot be loaded
 */
export async function startWorkerServer(task: ClusterTask, opLibraries: readonly string[]): Promise<string> {
  const api = nativeApi();
  const { library } = api;
  // Declared in tensorflow/c/c_api.h, for builds with gRPC.
  const create = library.find("TF_NewServer").func("TF_NewServer", "void *", ["void *", "size_t", "void *"]);
  const start = library.find("TF_ServerStart").func("TF_ServerStart", "void", ["void *", "void *"]);
  const target = library.find("TF_ServerTarget").func("TF_ServerTarget", "str", ["void *"]);
  loadOpLibraries(api, opLibraries, undefined);
  const bytes = encodeServerDef(task);
  try {
    const server: Pointer = withStatus(api, (status) => create(bytes, bytes.length, status));
    withStatus(api, (status) => start(server, status));
    return target(server);
  } catch (cause) {
    throw await cannotStart(task, cause);
  }
}

/** Returns a serialized `ServerDef` (tensorflow/core/protobuf/tensorflow_server.proto). */
function encodeServerDef({ cluster, job, task, port }: ClusterTask): Uint8Array {
  const writer = new WireWriter(256);
  const text = (id: number, value: string): void => writer.bytes(id, Buffer.from(value));
  const clusterDef = writer.begin(1);
  for (const [name, tasks] of cluster) {
    const jobDef = writer.begin(1);
    text(1, name);
    for (const [index, address] of tasks.entries()) {
      const entry = writer.begin(2);
      writer.integer(1, BigInt(index));
      text(2, address);
      writer.end(entry);
    }
    writer.end(jobDef);
  }
  writer.end(clusterDef);
  text(2, job);
  writer.integer(3, BigInt(task));
  text(5, "grpc");
  writer.integer(6, BigInt(port));
  return writer.finish();
}

async function cannotStart({ cluster, job, task, port }: ClusterTask, cause: unknown): Promise<unknown> {
  if (!(cause instanceof TensorFlowError)) return cause;
  const own = cluster.get(job)?.[task] ?? "";
  const listened = port === 0 ? Number(own.slice(own.lastIndexOf(":") + 1)) : port;
  // TensorFlow does not tell.
  const reason = (await reasonNotToListen(listened)) ?? firstLine(reasonOf(cause));
  return new SavedModelError(`TF_${cause.status}`, `the server cannot listen at port ${listened}: ${reason}`, {
    cause,
  });
}

/** Returns the reason why no server can listen at a port; undefined if one can. */
function reasonNotToListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(error.message));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { SavedModelError, type SignatureInfo } from "../../../runtime/index.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../runtime/saved-model/files/saved-model-file.js";
import { readSignatures } from "../../../runtime/saved-model/signatures.js";
import { modelFolder } from "../temp.js";

/** Behavior of a server beside computing. */
export interface ServerFaults {
  /** Called before each inference. A promise delays it; an error is its answer. */
  readonly before?: (call: number) => Promise<void> | void;
  /** Changes the bytes of an answer. */
  readonly mangle?: (bytes: Uint8Array) => Uint8Array;
  /** True for a server that has no scalars: they are vectors of one element, as in Triton. */
  readonly hasNoScalars?: boolean;
  /** True for a server that says nothing of its models' tensors, as MLServer without settings. */
  readonly hasNoMetadata?: boolean;
  /** False for a server without the extension for binary data. */
  readonly isBinary?: boolean;
  /** TLS credentials of the gRPC server. */
  readonly credentials?: grpc.ServerCredentials;
  /** The port to listen on; by default a free one. */
  readonly port?: number;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Number of inferences that were asked for. */
  readonly calls: number;
  /** Number of inferences whose client has gone before the answer. */
  readonly canceled: number;
  /** Headers of the last inference. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Closes all connections at once. */
  kill(): Promise<void>;
}

/** State that the test reads. */
export class Counters {
  calls = 0;
  canceled = 0;
  headers: Readonly<Record<string, unknown>> = {};
}

export function withCounters(
  { url, port, kill }: Pick<TestServer, "url" | "port" | "kill">,
  counters: Counters,
): TestServer {
  return {
    url,
    port,
    kill,
    get calls() {
      return counters.calls;
    },
    get canceled() {
      return counters.canceled;
    },
    get headers() {
      return counters.headers;
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** An error with a status of its own, as a server answers it. */
export class StatusError extends Error {
  readonly status: number;
  readonly httpStatus: number;

  constructor(status: number, httpStatus: number, message: string) {
    super(message);
    this.status = status;
    this.httpStatus = httpStatus;
  }
}

function grpcError(error: unknown): Partial<grpc.StatusObject> {
  const details = error instanceof Error ? error.message : String(error);
  if (error instanceof StatusError) return { code: error.status, details };
  return { code: error instanceof SavedModelError ? grpc.status.INVALID_ARGUMENT : grpc.status.INTERNAL, details };
}

/** Listens on a free port of this machine. */
export async function listenGrpc(server: grpc.Server, { port = 0, credentials }: ServerFaults): Promise<number> {
  return await new Promise((resolve, reject) => {
    const chosen = credentials ?? grpc.ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, chosen, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
}

/** Starts an HTTP server whose handler may throw. */
export async function listenHttp(
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode =
        error instanceof StatusError ? error.httpStatus : error instanceof SavedModelError ? 400 : 500;
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

/** Closes a server and its connections at once. */
export async function killHttp(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Handles calls of a method whose messages are objects. */
export function unary<Request>(
  run: (request: Request, call: grpc.ServerUnaryCall<object, object>) => Promise<object>,
): grpc.handleUnaryCall<object, object> {
  return (call, callback) => {
    run(call.request as Request, call).then(
      (answer) => callback(null, answer),
      (error: unknown) => callback(grpcError(error)),
    );
  };
}

/** JSON with the digits of 64-bit integers, and the words for numbers that are not finite, as C++ and Python write it. */
export function toJson(value: unknown): string {
  const mark = (_key: string, item: unknown): unknown =>
    typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item)) ? `#${item}#` : item;
  return JSON.stringify(value, mark).replaceAll(/"#(-?(?:\d+|Infinity|NaN))#"/g, "$1");
}

/** The signatures of a model with the raw keys of their dense tensors, as servers know them. */
export function rawSignatures(name: string): readonly SignatureInfo[] {
  const folder = modelFolder(name);
  return readSignatures(chooseMetaGraph(folder, readMetaGraphs(folder)));
}

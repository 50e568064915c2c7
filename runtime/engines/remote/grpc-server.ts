import type * as Grpc from "@grpc/grpc-js";
import { SavedModelError, type StatusName } from "../../base/errors.js";
import { TensorFlowError } from "../../base/tensorflow-error.js";
import type { RunLimits } from "../../engine.js";
import { forgetAbort, watchAbort } from "../../queue/abort.js";
import { addressOf } from "./addresses.js";
import type { ConnectionSettings, Headers } from "./remote-options.js";
import { isTimeout, ServerError } from "./server-error.js";
import type { Server } from "./server-pool.js";

/** Request to a method of a gRPC service. */
export interface GrpcRequest extends RunLimits {
  /** `/inference.GRPCInferenceService/ModelInfer` */
  readonly path: string;
  readonly message: Uint8Array;
  readonly headers?: Headers;
}

/** Check of a gRPC server: any answer but a failed connection means that it is alive. */
type Check = (server: GrpcServer, signal: AbortSignal) => Promise<void>;

/**
 * Loads the package for gRPC, which users install if they need it.
 *
 * @param call for messages: `CustomModel.connect()`
 * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`
 */
export async function loadGrpc(call: string): Promise<typeof Grpc> {
  try {
    return await import("@grpc/grpc-js");
  } catch (cause) {
    throw new SavedModelError("UNSUPPORTED_BY_ENGINE", `${call}: grpc:// addresses need the package @grpc/grpc-js`, {
      fix: "Run `npm install @grpc/grpc-js`, or connect to an http:// address of the server.",
      cause,
    });
  }
}

/** Milliseconds after its deadline at which a call ends on the wire: its own error comes first, and says more. */
const GRACE_MS = 20;

/** Text of grpc-js for a call that its own side has canceled. */
const CANCELED_HERE = "Cancelled on client";

/** Messages of grpc-js for calls that never left this machine. */
const UNSENT =
  /No connection established|Name resolution failed|connect E[A-Z]+|Failed to connect|Channel has been shut down|Channel closed before call started/;

/** A server that is reached by gRPC, over one connection for all requests. */
export class GrpcServer implements Server {
  readonly address: string;
  readonly #grpc: typeof Grpc;
  readonly #open: () => Grpc.Client;
  readonly #check: Check;
  /** Cancel the calls in flight. */
  readonly #pending: Set<() => void> = new Set();
  #client: Grpc.Client;

  constructor(grpc: typeof Grpc, url: URL, settings: ConnectionSettings, check: Check) {
    this.address = addressOf(url);
    this.#grpc = grpc;
    this.#check = check;
    const credentials = credentialsOf(grpc, url, settings);
    this.#open = () => new grpc.Client(url.host, credentials, channelOptions(settings));
    this.#client = this.#open();
  }

  /**
   * Calls a method.
   *
   * @throws ServerError with the server's status and text
   */
  request({ path, message, headers = {}, signal, deadline }: GrpcRequest): Promise<Uint8Array> {
    const metadata = new this.#grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      const call = this.#client.getChannel().createCall(path, wireDeadline(deadline), null, null, null);
      const cancel = (): void => call.cancelWithStatus(this.#grpc.status.CANCELLED, CANCELED_HERE);
      let answer: Buffer | undefined;
      this.#pending.add(cancel);
      call.start(metadata, {
        onReceiveMetadata: ignore,
        onReceiveMessage: (bytes: Buffer) => {
          answer = bytes;
        },
        onReceiveStatus: (status) => {
          this.#pending.delete(cancel);
          forgetAbort(signal, cancel);
          if (status.code !== this.#grpc.status.OK) reject(this.#failure(status, signal));
          else if (answer === undefined)
            reject(new ServerError("INTERNAL", this.address, "an answer without a message"));
          // A Buffer's own `slice` does not copy.
          else resolve(new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength));
        },
      });
      call.startRead();
      call.sendMessageWithContext({}, asBuffer(message));
      call.halfClose();
      if (signal?.aborted) cancel();
      else watchAbort(signal, cancel);
    });
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#check(this, signal);
  }

  reset(): void {
    // Calls in flight end by themselves, or at their deadlines; closing only stops new ones.
    this.#client.close();
    this.#client = this.#open();
  }

  close(): void {
    for (const cancel of this.#pending) cancel();
    this.#client.close();
  }

  #failure(status: Grpc.StatusObject, signal: AbortSignal | undefined): ServerError {
    const { code, details } = status;
    // As grpc-js makes it, but for the stack of a caller that is not there any more.
    const error = Object.assign(new Error(`${code} ${this.#grpc.status[code]}: ${details}`), status);
    const isAborted = signal?.aborted === true;
    if (isAborted && isTimeout(signal))
      return new ServerError("DEADLINE_EXCEEDED", this.address, details, { cause: error });
    // A server that shuts down cancels what it has not answered.
    const isDropped = code === this.#grpc.status.CANCELLED && details.startsWith("Call cancel") && !isAborted;
    const name: StatusName = isDropped ? "UNAVAILABLE" : new TensorFlowError(code, details).status;
    const isUnavailable = name === "UNAVAILABLE";
    // The peer is not a gRPC server, or not a whole one.
    const fix = /larger than max/.test(details) ? { fix: "Raise `maxMessageBytes`, here or on the server." } : {};
    const isForeign = /Received HTTP status code|Protocol error|PROTOCOL_ERROR|missing trailers/i.test(details);
    return new ServerError(name, this.address, details, {
      cause: error,
      isUnsent: isUnavailable && UNSENT.test(details),
      isUnreachable: isUnavailable || isForeign,
      ...fix,
    });
  }
}

function ignore(): void {}

/** Returns the time at which a call ends on the wire. */
function wireDeadline(deadline = Number.POSITIVE_INFINITY): number {
  return deadline === Number.POSITIVE_INFINITY
    ? deadline
    : Date.now() + Math.max(0, deadline - performance.now()) + GRACE_MS;
}

/** grpc-js writes Buffers only. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function credentialsOf(grpc: typeof Grpc, url: URL, { tls = {} }: ConnectionSettings): Grpc.ChannelCredentials {
  if (url.protocol === "grpc:") return grpc.credentials.createInsecure();
  const buffer = (pem: string | Uint8Array | undefined): Buffer | null =>
    pem === undefined ? null : typeof pem === "string" ? Buffer.from(pem) : asBuffer(pem);
  return grpc.credentials.createSsl(buffer(tls.ca), buffer(tls.key), buffer(tls.cert));
}

function channelOptions({ maxMessageBytes, tls }: ConnectionSettings): Grpc.ChannelOptions {
  // -1 is no limit.
  const limit = maxMessageBytes === Number.POSITIVE_INFINITY ? -1 : maxMessageBytes;
  return {
    "grpc.max_receive_message_length": limit,
    "grpc.max_send_message_length": limit,
    // Closing this client must not leave a connection to others, nor find one that another has left.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
    // A host name with several addresses, as of a headless service in Kubernetes, is several replicas.
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    // Requests are repeated by Requests, which knows which of them may be.
    "grpc.enable_retries": 0,
    ...(tls?.serverName === undefined
      ? {}
      : { "grpc.ssl_target_name_override": tls.serverName, "grpc.default_authority": tls.serverName }),
  };
}

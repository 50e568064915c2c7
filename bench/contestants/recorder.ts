import * as grpc from "@grpc/grpc-js";

/** The services of the protocols, with the methods that clients call. */
const SERVICES: Readonly<Record<Protocol, readonly [string, readonly string[]]>> = {
  kserve: ["inference.GRPCInferenceService", ["ServerReady", "ModelMetadata", "ModelInfer"]],
  serving: ["tensorflow.serving.PredictionService", ["GetModelMetadata", "Predict"]],
};

export type Protocol = "kserve" | "serving";

/** Name of grpc-js as a contestant that sends bytes, and does nothing else. */
export const BARE = "@grpc/grpc-js alone";

/** The method that returns the last request to another method. */
const LAST_REQUEST = "/bench.Recorder/Last";

/** A server that repeats what another has answered. */
export interface Recorder {
  readonly url: string;
  stop(): void;
}

/**
 * Starts a gRPC server on this machine that asks another one once for each different request, and repeats its answers: what
 * it costs is the same for all clients, and next to nothing.
 */
export async function startRecorder(protocol: Protocol, behind: string): Promise<Recorder> {
  const client = new grpc.Client(new URL(behind).host, grpc.credentials.createInsecure());
  const [service, methods] = SERVICES[protocol];
  const answers = new Map<string, Promise<Buffer>>();
  let last: Buffer = Buffer.alloc(0);
  const asIs = (bytes: Buffer): Buffer => bytes;
  const definition = (path: string): grpc.MethodDefinition<Buffer, Buffer> => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  });
  const ask = (path: string, request: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asIs, asIs, request, (error, answer) =>
        error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error),
      );
    });
  const repeat =
    (path: string): grpc.handleUnaryCall<Buffer, Buffer> =>
    ({ request }, callback) => {
      last = request;
      const key = `${path} ${request.toString("latin1")}`;
      const answer = answers.get(key) ?? ask(path, request);
      answers.set(key, answer);
      answer.then((bytes) => callback(null, bytes), callback);
    };
  const server = new grpc.Server();
  const paths = methods.map((method) => `/${service}/${method}`);
  server.addService(Object.fromEntries([...paths, LAST_REQUEST].map((path) => [path, definition(path)])), {
    ...Object.fromEntries(paths.map((path) => [path, repeat(path)])),
    [LAST_REQUEST]: ((_call, callback) => callback(null, last)) satisfies grpc.handleUnaryCall<Buffer, Buffer>,
  });
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    url: `grpc://127.0.0.1:${port}`,
    stop: () => {
      server.forceShutdown();
      client.close();
    },
  };
}

import { dialRaw, type RawHandler, serveRaw } from "../node/raw-grpc.js";

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
  const client = dialRaw(behind);
  const [service, methods] = SERVICES[protocol];
  const answers = new Map<string, Promise<Buffer>>();
  let last: Buffer = Buffer.alloc(0);
  const repeat =
    (path: string): RawHandler =>
    ({ request }, callback) => {
      last = request;
      const key = `${path} ${request.toString("latin1")}`;
      const answer = answers.get(key) ?? client.ask(path, request);
      answers.set(key, answer);
      answer.then((bytes) => callback(null, bytes), callback);
    };
  const paths = methods.map((method) => `/${service}/${method}`);
  const { server, url } = await serveRaw({
    ...Object.fromEntries(paths.map((path) => [path, repeat(path)])),
    [LAST_REQUEST]: (_call, callback) => callback(null, last),
  });
  return {
    url,
    stop: () => {
      server.forceShutdown();
      client.close();
    },
  };
}

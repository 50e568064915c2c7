import * as grpc from "@grpc/grpc-js";

const asIs = (bytes: Buffer): Buffer => bytes;

/** Answers the bytes of a request with bytes. */
export type RawHandler = grpc.handleUnaryCall<Buffer, Buffer>;

/** Starts a gRPC server on a free port of this machine that handles messages as bytes, by the paths of their methods. */
export async function serveRaw(
  handlers: Readonly<Record<string, RawHandler>>,
): Promise<{ readonly server: grpc.Server; readonly url: string }> {
  const server = new grpc.Server();
  const definition = (path: string): grpc.MethodDefinition<Buffer, Buffer> => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  });
  server.addService(Object.fromEntries(Object.keys(handlers).map((path) => [path, definition(path)])), handlers);
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { server, url: `grpc://127.0.0.1:${port}` };
}

/** Connects to a gRPC server, whose messages are bytes. */
export function dialRaw(url: string): {
  readonly ask: (path: string, request: Buffer) => Promise<Buffer>;
  readonly close: () => void;
} {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  const ask = (path: string, request: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asIs, asIs, request, (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });
  return { ask, close: () => client.close() };
}

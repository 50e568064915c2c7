import * as grpc from "@grpc/grpc-js";
import { codec } from "../../../runtime/engines/cluster/master-messages.js";
import { dtypeInfo } from "../../../runtime/tensor/dtype.js";

/** A server that answers as a master, and runs nothing: its answers are broken on purpose. */
export interface FakeMaster extends AsyncDisposable {
  readonly url: string;
}

const METHODS = ["CreateSession", "ExtendSession", "MakeCallable", "RunStep", "RunCallable"] as const;

/** @param mangle changes the bytes of an answer */
export async function startFakeMaster(
  mangle: (method: (typeof METHODS)[number], answer: Uint8Array) => Uint8Array,
): Promise<FakeMaster> {
  const identity = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const definition = Object.fromEntries(
    METHODS.map((method) => [
      method,
      {
        path: `/tensorflow.MasterService/${method}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    ]),
  );
  const server = new grpc.Server();
  const handlers = METHODS.map((method): [string, grpc.handleUnaryCall<Buffer, Uint8Array>] => [
    method,
    ({ request }, callback) => callback(null, mangle(method, answerTo(method, request))),
  ]);
  server.addService(definition, Object.fromEntries(handlers));
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { url: `grpc://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

function answerTo(method: (typeof METHODS)[number], request: Uint8Array): Uint8Array {
  switch (method) {
    case "CreateSession":
      return codec.encode("CreateSessionResponse", { sessionHandle: "session", graphVersion: 1 });
    case "ExtendSession":
      return codec.encode("ExtendSessionResponse", { newGraphVersion: 2 });
    case "MakeCallable":
      return codec.encode("MakeCallableResponse", { handle: 1 });
    case "RunStep": {
      // Every variable has a value.
      const { fetch } = codec.decode("RunStepRequest", request);
      const dtype = dtypeInfo("bool").code;
      return codec.encode("RunStepResponse", {
        tensor: fetch.map((name) => ({ name, tensor: { dtype, boolVal: [true] } })),
      });
    }
    case "RunCallable": {
      const tensorShape = { dim: [{ size: 1 }, { size: 1 }] };
      const tensor = { dtype: dtypeInfo("float32").code, tensorShape, tensorContent: new Uint8Array(4) };
      return codec.encode("RunCallableResponse", { fetch: [tensor] });
    }
  }
}

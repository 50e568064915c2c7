import { type RawHandler, serveRaw } from "../../../bench/node/raw-grpc.js";
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
  const handlers = METHODS.map((method): [string, RawHandler] => [
    `/tensorflow.MasterService/${method}`,
    ({ request }, callback) => callback(null, Buffer.from(mangle(method, answerTo(method, request)))),
  ]);
  const { server, url } = await serveRaw(Object.fromEntries(handlers));
  return { url, [Symbol.asyncDispose]: async () => server.forceShutdown() };
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

import * as grpc from "@grpc/grpc-js";
import { delimited } from "../wire.js";

/** Calls of TensorFlow's `MasterService` at an address `grpc://host:port`. */
export interface Master extends Disposable {
  /** Creates a session of an empty graph, and returns the names of all devices that it can use. */
  listDevices(): Promise<readonly string[]>;
}

/** Connects to a server of TensorFlow's runtime. */
export function dialMaster(target: string): Master {
  const client = new grpc.Client(target.replace("grpc://", ""), grpc.credentials.createInsecure());
  const call = (method: string, request: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/tensorflow.MasterService/${method}`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        request,
        { deadline: Date.now() + 600_000 },
        (error, response) => (response === undefined ? reject(error) : resolve(response)),
      );
    });
  return {
    async listDevices() {
      // `CreateSessionRequest { graph_def = 1 }`, `CreateSessionResponse { session_handle = 1 }`
      const created = await call("CreateSession", delimited(1, new Uint8Array()));
      const handle = created.subarray(2, 2 + (created[1] ?? 0));
      // `ListDevicesResponse { local_device = 1 { name = 1 }, remote_device = 2 { name = 1 } }`
      const listed = await call("ListDevices", delimited(1, handle));
      await call("CloseSession", delimited(1, handle));
      return listed.toString("latin1").match(/\/job:\w+\/replica:\d+\/task:\d+\/device:CPU:\d+/g) ?? [];
    },
    [Symbol.dispose]: () => client.close(),
  };
}

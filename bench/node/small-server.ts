import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { serveRaw } from "./raw-grpc.js";

/** Name, datatype and shape of the only result, and its element, 1: a ModelInferResponse. */
const ANSWER = Buffer.from("2a120a066f75747075741204465033321a0201013204" + "0000803f", "hex");
const JSON_ANSWER = { outputs: [{ name: "output", datatype: "FP32", shape: [1, 1], data: [1] }] };
/** Of each so many requests, one fails. */
const FAILURES = 10;

/** Addresses of servers of the Open Inference Protocol in this process that answer every request with one number. */
interface SmallServers {
  readonly grpc: string;
  readonly http: string;
  /** Closes the connections that `fetch` keeps for its next requests. */
  rest(): Promise<void>;
}

export async function startSmallServers(): Promise<SmallServers> {
  const { server, url } = await startHttp();
  const rest = async (): Promise<void> => {
    server.closeAllConnections();
    while ((await connectionsOf(server)) > 0) await turn();
    // The other ends, in this process too.
    await pause(200);
  };
  return { grpc: await startGrpc(), http: url, rest };
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

async function startGrpc(): Promise<string> {
  let count = 0;
  const { url } = await serveRaw({
    "/inference.GRPCInferenceService/ModelMetadata": (_call, answer) => answer(null, Buffer.alloc(0)),
    "/inference.GRPCInferenceService/ModelInfer": (_call, answer) => {
      if (++count % FAILURES > 0) answer(null, ANSWER);
      else answer({ code: grpc.status.INTERNAL, details: "as asked for" });
    },
  });
  return url;
}

async function startHttp(): Promise<{ readonly server: Server; readonly url: string }> {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const isInference = request.method === "POST";
      const isFailure = isInference && ++count % FAILURES === 0;
      response.statusCode = isFailure ? 500 : 200;
      response.end(JSON.stringify(isFailure ? { error: "as asked for" } : isInference ? JSON_ANSWER : {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

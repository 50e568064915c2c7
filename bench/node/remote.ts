/**
 * `remote.js <protocol> <url> <path> <cases as JSON>`: calls a server through a generated client and, in cases whose name ends
 * in `/bare`, by @grpc/grpc-js alone with the same bytes, to the method with this path.
 */
import * as grpc from "@grpc/grpc-js";
import { kserve } from "savedmodel/kserve";
import { serving } from "savedmodel/serving";
import { CustomModel } from "../../generated/custom-model.js";
import type { CallCase } from "../contestants/case.js";
import { answer, type Call } from "./answer.js";
import { inManner } from "./manner.js";

const [protocol = "", url = "", path = "", json = "[]"] = process.argv.slice(2);
const engine = protocol === "kserve" ? kserve : serving;
const client = await CustomModel.connect(engine({ url, model: "custom_model" }));
const bare = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());

const asIs = (bytes: Buffer): Buffer => bytes;

function ask(path: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    bare.makeUnaryRequest(path, asIs, asIs, request, (error, response) => {
      if (error !== null) reject(error);
      else resolve(response ?? Buffer.alloc(0));
    });
  });
}

const expected = (await client.pred([[1, 1]])).toArray();
const request = await ask("/bench.Recorder/Last", Buffer.alloc(0));
if ((await ask(path, request)).length === 0) throw new Error("the server answers nothing");

const start = async (): Promise<number> => {
  const result = (await client.pred([[1, 1]])).data[0] ?? Number.NaN;
  if (result !== expected[0]?.[0]) throw new Error(`the result is ${result}`);
  return result;
};
const synchronous = (): never => {
  throw new Error("requests are asynchronous");
};
const calls = new Map<string, Call>();
for (const kase of JSON.parse(json) as CallCase[]) {
  const call = kase.name.endsWith("/bare") ? () => ask(path, request) : start;
  calls.set(kase.name, inManner(kase, synchronous, call));
}
await answer(calls);
await client.close();
bare.close();

/**
 * `remote.js <protocol> <url> <path> <cases as JSON>`: calls a server through a generated client and, in cases whose name ends
 * in `/bare`, by @grpc/grpc-js alone with the same bytes, to the method with this path.
 */
import { kserve } from "savedmodel/kserve";
import { serving } from "savedmodel/serving";
import { CustomModel } from "../../generated/custom-model.js";
import type { CallCase } from "../contestants/case.js";
import { answer, type Call } from "./answer.js";
import { inManner } from "./manner.js";
import { dialRaw } from "./raw-grpc.js";

const [protocol = "", url = "", path = "", json = "[]"] = process.argv.slice(2);
const engine = protocol === "kserve" ? kserve : serving;
const client = await CustomModel.connect(engine({ url, model: "custom_model" }));
const bare = dialRaw(url);

const expected = (await client.pred([[1, 1]])).toArray();
const request = await bare.ask("/bench.Recorder/Last", Buffer.alloc(0));
if ((await bare.ask(path, request)).length === 0) throw new Error("the server answers nothing");

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
  const call = kase.name.endsWith("/bare") ? () => bare.ask(path, request) : start;
  calls.set(kase.name, inManner(kase, synchronous, call));
}
await answer(calls);
await client.close();
bare.close();

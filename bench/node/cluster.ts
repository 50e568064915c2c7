/** `cluster.js <url> <cases as JSON>`: calls a server of TensorFlow's runtime through a generated client. */
import { cluster } from "savedmodel/cluster";
import { CustomModel } from "../../generated/custom-model.js";
import type { CallCase } from "../contestants/case.js";
import { answer, type Call } from "./answer.js";

const [url = "", json = "[]"] = process.argv.slice(2);
const client = await CustomModel.connect(cluster({ url, state: "restore" }));
const signatures = {
  pred: () => client.pred([[1, 1]]),
  train: () => client.train([[1, 1]], [[1]]),
};
const calls = new Map<string, Call>();
for (const { name, signature } of JSON.parse(json) as CallCase[]) {
  if (signature !== "pred" && signature !== "train") throw new Error(`there is no call of ${signature}`);
  calls.set(name, signatures[signature]);
}
await answer(calls);
await client.close();

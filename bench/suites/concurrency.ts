import { join } from "node:path";
import { authoredModel } from "../contestants/authored.js";
import type { CallCase, Throughput } from "../contestants/case.js";
import { compileClient } from "../contestants/client.js";
import { finished } from "../contestants/whole-process.js";
import { isWanted } from "../options.js";
import type { Figures } from "../report/figures.js";
import { median } from "../statistics.js";
import type { Suite } from "./suite.js";

/** Numbers of calls at a time; 0 is calls on the calling thread. */
const LEVELS = [0, 1, 2, 4, 8, 16, 32, 64];
const MODELS = [
  { client: "custom_model", title: "pred() of custom_model", kase: { name: "pred", signature: "pred" } },
  {
    client: "cnn",
    title: "a small convolutional network, one image",
    kase: { name: "cnn", signature: "predict", size: 1, isRandom: true },
  },
] as const satisfies readonly { client: string; title: string; kase: CallCase }[];

/** Measures how many asynchronous calls at a time a process answers, and how long each waits. */
export const concurrency: Suite = async function* (workplace, options) {
  for (const { client, title, kase } of MODELS) {
    const name = `concurrency/${client}`;
    if (!isWanted(name, options.only)) continue;
    const figures = (rows: Figures["rows"]): Figures => {
      const columns = ["calls/s", "median", "p99"];
      return { name, title: `asynchronous calls at a time: ${title}`, unit: "latency in microseconds", columns, rows };
    };
    if (client === "cnn") {
      const network = authoredModel(workplace, client);
      if ("absent" in network) {
        yield figures([{ name: "savedmodel", absent: network.absent }]);
        continue;
      }
      compileClient(workplace, client, "Network", network.directory);
    }
    const program = join(workplace.programs, "concurrency.js");
    const args = [program, client, JSON.stringify(kase), options.quick ? "100" : "300", ...LEVELS.map(String)];
    const rounds = Array.from({ length: options.quick ? 1 : 3 }, () =>
      // The program prints what the type says.
      JSON.parse(finished({ file: process.execPath, args }, workplace.root)),
    ) as Throughput[][];
    yield figures(
      LEVELS.map((level, index) => {
        const values = (key: keyof Throughput): number =>
          median(rounds.map((round) => round[index]?.[key] ?? Number.NaN));
        const label = level === 0 ? "savedmodel, sync" : `savedmodel, async, ${level} at a time`;
        return { name: label, values: [values("perSecond"), values("median"), values("p99")] };
      }),
    );
  }
};

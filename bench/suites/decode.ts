import { join } from "node:path";
import { startTeam } from "../contestants/program.js";
import { peakMemory } from "../contestants/whole-process.js";
import { writeFrozenGraph } from "../frozen-graph.js";
import { isWanted } from "../options.js";
import { paceOf, type Suite } from "./suite.js";

const NAME = "decode/100MB";
const READ = "readFileSync of saved_model.pb";
const INSPECT = "savedmodel, inspect()";

/** Compares describing a large model with reading its file: weights should be skipped. */
export const decode: Suite = async function* (workplace, options) {
  if (!isWanted(NAME, options.only) && !isWanted(`${NAME}/memory`, options.only)) return;
  const { folder, programs, root } = workplace;
  const model = join(folder, "frozen");
  writeFrozenGraph(model, 100);
  if (isWanted(NAME, options.only)) {
    // One process reads in turns, so that both meet the same heap.
    const team = await startTeam({ file: process.execPath, args: [join(programs, "decode.js"), model] }, root);
    try {
      yield {
        name: NAME,
        title: "describing a frozen graph of 100 MB",
        baselines: [READ],
        pace: paceOf(options),
        entries: [team.entry(READ, "read"), team.entry(INSPECT, "inspect")],
      };
    } finally {
      await team.program?.stop();
    }
  }
  const peak = (name: string, action: string) =>
    peakMemory(name, { file: process.execPath, args: [join(programs, "peak.js"), action, model] }, root);
  yield {
    name: `${NAME}/memory`,
    title: "describing a frozen graph of 100 MB, memory of whole processes",
    baselines: [READ],
    unit: "bytes",
    pace: { rounds: 3, roundMs: 0, warmUpMs: 0, minimumCalls: 1 },
    entries: [peak("the generator loaded", "start"), peak(READ, "read"), peak(INSPECT, "inspect")],
  };
};

import { join } from "node:path";
import { authoredModel } from "../contestants/authored.js";
import { compileClient } from "../contestants/client.js";
import type { Delays, Load, Milliseconds } from "../contestants/delays.js";
import { finished } from "../contestants/whole-process.js";
import { isWanted } from "../options.js";
import type { Figures } from "../report/figures.js";
import { median } from "../statistics.js";
import type { Workplace } from "../workplace.js";
import type { Suite } from "./suite.js";

const NAME = "event-loop";
const LOADS: Readonly<Record<Load, string>> = {
  none: "nothing",
  sync: "calls of 200 ms, sync",
  async: "8 calls of 200 ms, async",
  cnn: "8 calls of the network with 32 images, async",
};

/** Measures the responsiveness of a process during calls, which asynchronous ones should preserve. */
export const eventLoop: Suite = async function* (workplace, options) {
  if (!isWanted(NAME, options.only)) return;
  const network = authoredModel(workplace, "cnn");
  if (!("absent" in network)) compileClient(workplace, "cnn", "Network", network.directory);
  const [rounds, milliseconds] = options.quick ? [1, 1000] : [3, 2000];
  const measured = new Map<Load, Delays[]>();
  for (let round = 0; round < rounds; round++) {
    for (const load of Object.keys(LOADS) as Load[]) {
      if (load === "cnn" && "absent" in network) continue;
      const delays = measure(workplace, load, milliseconds);
      measured.set(load, [...(measured.get(load) ?? []), delays]);
    }
  }
  const figures = (name: string, title: string, of: keyof Delays): Figures => ({
    name: `${NAME}/${name}`,
    title,
    unit: "milliseconds",
    columns: ["median", "p99", "max"],
    rows: (Object.keys(LOADS) as Load[]).map((load) => {
      const rounds = (measured.get(load) ?? []).map((delays) => delays[of]);
      if (rounds.length === 0) return { name: LOADS[load], absent: "absent" in network ? network.absent : "" };
      return { name: LOADS[load], values: ofAll(rounds) };
    }),
  });
  yield figures("delay", "delay of the event loop beside", "delay");
  yield figures("read", "readFile() of a small file beside", "read");
};

function measure({ programs, root }: Workplace, load: Load, milliseconds: number): Delays {
  const args = [join(programs, "event-loop.js"), load, `${milliseconds}`];
  // The program prints what the type says.
  return JSON.parse(finished({ file: process.execPath, args }, root)) as Delays;
}

/** Returns the medians of the rounds, and the longest of all. */
function ofAll(rounds: readonly Milliseconds[]): readonly number[] {
  return [
    median(rounds.map(({ median }) => median)),
    median(rounds.map(({ p99 }) => p99)),
    Math.max(...rounds.map(({ max }) => max)),
  ];
}

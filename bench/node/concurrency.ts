/**
 * `concurrency.js <client> <case as JSON> <milliseconds> <levels…>`: keeps that many asynchronous calls of a client running, for
 * this long each; level 0 is calls on this thread. Prints calls per second and the latency in microseconds of each level as JSON.
 */
import type { Throughput } from "../contestants/case.js";
import { quantile } from "../statistics.js";
import { requireBuilt } from "./built.js";
import { clients } from "./cases.js";

const [client = "", json = "{}", milliseconds = "", ...levels] = process.argv.slice(2);
requireBuilt();
const prepare = await clients[client]?.();
if (prepare === undefined) throw new Error(`there is no client ${client}`);
const kase = JSON.parse(json);
const call = prepare(kase);
const start = prepare({ ...kase, manner: "awaited" });

async function measure(level: number, milliseconds: number): Promise<Throughput> {
  const taken: number[] = [];
  const begin = performance.now();
  const end = begin + milliseconds;
  const caller = async (): Promise<void> => {
    for (let before = performance.now(); before < end; ) {
      if (level === 0) call();
      else await start();
      const after = performance.now();
      taken.push((after - before) * 1000);
      before = after;
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, level) }, caller));
  const seconds = (performance.now() - begin) / 1000;
  const sorted = Float64Array.from(taken).sort();
  return { perSecond: taken.length / seconds, median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

const results: Throughput[] = [];
for (const level of levels) {
  await measure(Number(level), Number(milliseconds) / 3);
  results.push(await measure(Number(level), Number(milliseconds)));
}
process.stdout.write(`${JSON.stringify(results)}\n`);

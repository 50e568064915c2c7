/**
 * `start.js <import | load> [model]`: imports the package, or else also loads a model and makes its first call, in a new process.
 * Prints the durations in milliseconds and the resident memory in bytes as JSON. `start.js nothing` is Node.js alone.
 */
import { requireBuilt } from "./built.js";

const [action = "", directory = ""] = process.argv.slice(2);
const start = performance.now();
const measured: Record<string, number> = {};
if (action !== "nothing") {
  requireBuilt();
  const { Model } = await import("savedmodel");
  measured.importMs = performance.now() - start;
  if (action === "load") {
    const beforeLoad = performance.now();
    const model = Model.load(directory);
    measured.loadMs = performance.now() - beforeLoad;
    measured.loadedRssBytes = process.memoryUsage.rss();
    const beforeCall = performance.now();
    model.run("pred", { inputs: [[1, 1]] });
    measured.firstCallMs = performance.now() - beforeCall;
    measured.rssBytes = process.memoryUsage.rss();
  }
}
const { user, system } = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ ...measured, cpuMs: (user + system) / 1000 })}\n`);

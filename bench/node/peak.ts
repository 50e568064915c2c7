/** `peak.js <start | read | inspect> <model>`: does that once, and prints how many bytes of memory the process had at most. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "savedmodel/generator";
import { requireBuilt } from "./built.js";

const [action, directory = ""] = process.argv.slice(2);
requireBuilt();
const result =
  action === "inspect" ? inspect(directory) : action === "read" ? readFileSync(join(directory, "saved_model.pb")) : {};

/** Linux tells more than `process.resourceUsage()`, which counts in what the process was forked from. */
function peak(): number {
  const status = "/proc/self/status";
  const [, kilobytes] = (existsSync(status) && /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, "utf8"))) || [];
  return Number(kilobytes ?? process.resourceUsage().maxRSS) * 1024;
}

process.stdout.write(`${peak()}\n`);
if (result === undefined) process.exitCode = 1;

/** `peak.js <start | read | inspect> <model>`: does that once, and prints the peak memory of the process in bytes. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "savedmodel/generator";
import { requireBuilt } from "./built.js";

const [action, directory = ""] = process.argv.slice(2);
requireBuilt();
const result =
  action === "inspect" ? inspect(directory) : action === "read" ? readFileSync(join(directory, "saved_model.pb")) : {};

/**
 * Returns the peak memory. Linux is more exact than `process.resourceUsage()`, which includes the parent before the
 * fork.
 */
function peak(): number {
  const status = "/proc/self/status";
  const [, kilobytes] = (existsSync(status) && /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, "utf8"))) || [];
  return Number(kilobytes ?? process.resourceUsage().maxRSS) * 1024;
}

process.stdout.write(`${peak()}\n`);
if (result === undefined) process.exitCode = 1;

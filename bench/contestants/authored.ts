import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Workplace } from "../workplace.js";
import type { Absentee } from "./case.js";

const SOURCE = fileURLToPath(new URL("../python/author.py", import.meta.url));

/**
 * Returns a model of bench/python/author.py, which Python creates once for each version of that script.
 *
 * @returns the model's folder, or the reason why there is none
 */
export function authoredModel(
  { cache, python, root }: Workplace,
  name: string,
): { readonly directory: string } | Omit<Absentee, "name"> {
  const version = createHash("sha256").update(readFileSync(SOURCE)).digest("hex").slice(0, 8);
  const directory = join(cache, version, name);
  if (!existsSync(directory)) {
    if ("absent" in python) {
      return { absent: `is made by Python, but there is ${python.absent}`, isExcused: true };
    }
    const unfinished = `${directory}.${process.pid}`;
    mkdirSync(join(cache, version), { recursive: true });
    const { error, status, stderr } = spawnSync(python.file, [SOURCE, name, unfinished], {
      encoding: "utf8",
      env: { ...process.env, ...python.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    });
    if (status !== 0) {
      return { absent: `Python could not make it: ${error?.message ?? stderr.trim().split("\n").at(-1)}` };
    }
    renameSync(unfinished, directory);
  }
  return { directory: relative(root, directory) };
}

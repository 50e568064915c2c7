import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { itemAt } from "../../../base/item-at.js";

/**
 * Returns the missing files of a checkpoint's values. Their names tell how many there are:
 * `variables.data-00001-of-00002`.
 *
 * @param prefix the prefix of its file names
 * @returns the names of the missing files, or undefined if there are no files at all
 */
export function missingShards(prefix: string): readonly string[] | undefined {
  const folder = dirname(prefix);
  const start = `${basename(prefix)}.data-`;
  const present = (existsSync(folder) ? readdirSync(folder) : []).filter((file) => file.startsWith(start));
  if (present.length === 0) return undefined;
  const counts = present.map((file) => /^\d{5}-of-(\d{5})$/.exec(file.slice(start.length))?.[1]);
  const missing = [...new Set(counts)].map((count) => missingOf(count, start, new Set(present)));
  // An older save with another number of files may have left some behind: one that is whole is enough.
  return missing.find((files) => files.length === 0) ?? itemAt(missing, 0);
}

/** More files than a checkpoint has, so that a name cannot ask for work without end. */
const MAX_SHARDS = 10_000;

function missingOf(count: string | undefined, start: string, present: ReadonlySet<string>): readonly string[] {
  const total = Math.min(Number(count ?? 0), MAX_SHARDS);
  const names = Array.from({ length: total }, (_, shard) => `${start}${`${shard}`.padStart(5, "0")}-of-${count}`);
  return names.filter((name) => !present.has(name));
}

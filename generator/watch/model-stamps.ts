import { type BigIntStats, statSync } from "node:fs";
import { join } from "node:path";
import { MODEL_FILES } from "../../runtime/saved-model/files/model-file.js";
import type { Config } from "../config/config.js";
import { projectModels } from "../project/project.js";

/** Files that a client is generated from. */
const FILES: readonly string[] = [...MODEL_FILES, "fingerprint.pb"];

/**
 * Returns a stamp of the models of a project on disk, without reading any: it stays the same if nothing changed. A
 * replaced folder is detected by the inode numbers of its files.
 */
export function lookAtModels(config: Config, root: string): string {
  return config.models.flatMap((model) => foldersOf({ ...config, models: [model] }, root).map(lookAtModel)).join("\n");
}

/** Returns a stamp of a file on disk, whether it exists or not. */
export function lookAtFile(path: string): string {
  const stat = statOf(path);
  if (stat === undefined) return "-";
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

function lookAtModel(folder: string): string {
  return [folder, ...FILES.map((name) => lookAtFile(join(folder, name)))].join(" ");
}

/** Returns the folders that a pattern matches; a pattern that matches nothing now may do so later. */
function foldersOf(config: Config, root: string): readonly string[] {
  try {
    return projectModels(config, root).map(({ directory }) => directory);
  } catch {
    return [];
  }
}

/** Returns the status of a file. A path may lead through a file, or be removed between two polls. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

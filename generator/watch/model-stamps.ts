import { type BigIntStats, statSync } from "node:fs";
import { join } from "node:path";
import { MODEL_FILES } from "../../runtime/saved-model/files/model-file.js";
import type { Config } from "../config/config.js";
import { projectModels } from "../project/project.js";

/** The files that a client is made of. */
const FILES: readonly string[] = [...MODEL_FILES, "fingerprint.pb"];

/**
 * Says what the models of a project look like on disk, without reading any: two looks give one text if nothing changed
 * between them. A folder that was exchanged for another is seen by the numbers of its files.
 */
export function lookAtModels(config: Config, root: string): string {
  return config.models.flatMap((model) => foldersOf({ ...config, models: [model] }, root).map(lookAtModel)).join("\n");
}

/** Says what a file looks like on disk, whether it is there or not. */
export function lookAtFile(path: string): string {
  const stat = statOf(path);
  if (stat === undefined) return "-";
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

function lookAtModel(folder: string): string {
  return [folder, ...FILES.map((name) => lookAtFile(join(folder, name)))].join(" ");
}

/** What a pattern finds; a pattern that finds nothing now may do so later. */
function foldersOf(config: Config, root: string): readonly string[] {
  try {
    return projectModels(config, root).map(({ directory }) => directory);
  } catch {
    return [];
  }
}

/** A path may lead through a file, or be gone between two looks. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

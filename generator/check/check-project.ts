import { resolve } from "node:path";
import type { ProjectFile } from "../project/project.js";
import { readGenerated } from "../project/write-client.js";
import { planFile } from "../project/write-project.js";
import { findMoved } from "./moved-clients.js";
import { readDescriptor } from "./parse-descriptor.js";
import { describeChanges } from "./signature-changes.js";
import { unifiedDiff } from "./text-diff.js";

/** Result of checking one file. */
export interface FileCheck {
  /** Relative to the folder of the configuration, with `/` between folders. */
  readonly path: string;
  /** State of the file; `orphaned` is a generated file that belongs to no model of the configuration. */
  readonly status: "fresh" | "changed" | "missing" | "orphaned";
  /**
   * Consequences for callers, one sentence each; empty if the signatures are the same. For a missing and an orphaned
   * file, that one replaces the other.
   */
  readonly changes: readonly string[];
  /** Unified diff of what generating would change; empty unless the file exists and differs. */
  readonly diff: string;
}

/**
 * Compares files with those on the disk. Line endings are ignored.
 *
 * @param orphans the generated files that nothing generates any more
 * @param root the folder that paths are relative to
 * @throws SavedModelError `OUTPUT_CONFLICT` when a file that this package did not generate is in the way
 */
export function checkFiles(
  files: readonly ProjectFile[],
  orphans: readonly string[],
  root: string,
): readonly FileCheck[] {
  const gone = orphans.map((path): FileCheck => ({ path, status: "orphaned", changes: [], diff: "" }));
  const found = files.map((file) => checkFile(file, root));
  const missing = files.filter((_, at) => found[at]?.status === "missing");
  const moved = findMoved(missing, orphans, root);
  return [...found, ...gone].map((file) => ({ ...file, changes: moved.get(file.path) ?? file.changes }));
}

function checkFile(file: ProjectFile, root: string): FileCheck {
  const { path, text, client } = file;
  const change = planFile(file, root);
  if (change !== "updated") {
    return { path, status: change === "created" ? "missing" : "fresh", changes: [], diff: "" };
  }
  const present = readGenerated(resolve(root, path)).replaceAll("\r\n", "\n");
  const before = readDescriptor(present);
  const after = readDescriptor(text);
  const isComparable = typeof client === "object" && before !== undefined && after !== undefined;
  return {
    path,
    status: "changed",
    changes: isComparable ? describeChanges(before, after, client.description.signatures) : [],
    diff: unifiedDiff(path, present, text),
  };
}

import { resolve } from "node:path";
import type { ProjectFile } from "../project/project.js";
import { readGenerated } from "../project/write-client.js";
import { planFile } from "../project/write-project.js";
import { findMoved } from "./moved-clients.js";
import { readDescriptor } from "./parse-descriptor.js";
import { describeChanges } from "./signature-changes.js";
import { unifiedDiff } from "./text-diff.js";

/** What a check found of one file. */
export interface FileCheck {
  /** Relative to the folder of the configuration, with `/` between folders. */
  readonly path: string;
  /** `orphaned` is a generated file that belongs to no model of the configuration. */
  readonly status: "fresh" | "changed" | "missing" | "orphaned";
  /**
   * What the change means for callers, one sentence each; empty where the signatures are the same. Of a missing and of an
   * orphaned file, that the one takes the place of the other.
   */
  readonly changes: readonly string[];
  /** What generating would change, as a unified diff; empty unless the file is there and differs. */
  readonly diff: string;
}

/**
 * Compares files with what is on the disk. Line ends do not count.
 *
 * @param orphans the generated files that nothing generates any more
 * @param root the folder that paths are relative to
 * @throws SavedModelError `OUTPUT_CONFLICT` where a file is in the way that this package did not generate
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

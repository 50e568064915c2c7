import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join, sep } from "node:path";
import { SavedModelError } from "../../../base/errors.js";
import { printable } from "../../../base/text.js";
import { isModelEntry, TRAINING_STATE } from "../../../saved-model/files/model-entries.js";
import { copyFile } from "./copy-file.js";

/** A copy of a SavedModel without its variables. */
export interface ModelCopy {
  /** The folder of the model, links resolved. */
  readonly source: string;
  /** The new folder. */
  readonly target: string;
  /** The path of the file that holds the graph. */
  readonly graphFile: string;
  /** The names of the files below `assets/` that its graphs read. */
  readonly assets: readonly string[];
  /** True if the copy replaces the model, so that its links keep their targets. */
  readonly inPlace: boolean;
}

/**
 * Copies the parts of a SavedModel, and nothing else that is in its folder. Files get the modes of new ones. Links are
 * copied as links to the model's own place; elsewhere, what they lead to within the model is copied, and links that lead
 * out of it, pipes, sockets and devices are omitted.
 *
 * @throws SavedModelError `SAVE_FAILED` when the model needs what would be omitted
 */
export function copyModel(copy: ModelCopy): void {
  mkdirSync(copy.target);
  for (const name of readdirSync(copy.source)) {
    if (!isModelEntry(name) || name === "variables" || name === TRAINING_STATE) continue;
    // The loaded graph is part of the model, wherever it is.
    if (join(copy.source, name) === copy.graphFile) copyGraph(copy, name);
    else copyEntry(copy, name);
  }
  if (copy.inPlace) return;
  for (const name of copy.assets) {
    const path = join("assets", name);
    if (existsSync(join(copy.source, path)) && !isThere(join(copy.target, path))) throw omitted(path);
  }
}

function copyGraph({ source, target, inPlace }: ModelCopy, name: string): void {
  const from = join(source, name);
  if (inPlace && lstatSync(from).isSymbolicLink()) copyLink(from, join(target, name));
  else copyFile(realpathSync(from), join(target, name));
}

function copyEntry(copy: ModelCopy, path: string): void {
  const [from, to] = [join(copy.source, path), join(copy.target, path)];
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    mkdirSync(to);
    for (const name of readdirSync(from)) copyEntry(copy, join(path, name));
  } else if (stat.isFile()) {
    copyFile(from, to);
  } else if (stat.isSymbolicLink() && copy.inPlace) {
    copyLink(from, to);
  } else {
    const file = stat.isSymbolicLink() ? fileWithin(copy.source, from) : undefined;
    if (file !== undefined) copyFile(file, to);
    else if (!path.includes(sep)) throw omitted(path);
  }
}

function copyLink(from: string, to: string): void {
  const type = statSync(from, { throwIfNoEntry: false })?.isDirectory() ? "dir" : "file";
  symlinkSync(readlinkSync(from), to, type);
}

/** The regular file that a link leads to, if it is in the folder. */
function fileWithin(folder: string, link: string): string | undefined {
  try {
    const path = realpathSync(link);
    return path.startsWith(folder + sep) && statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function omitted(path: string): SavedModelError {
  return new SavedModelError(
    "SAVE_FAILED",
    `${printable(path, 500)} of the model is not a regular file in its folder, and nothing else is copied`,
    { fix: "Copy the model with its links resolved (`cp -RL`), and load and save the copy." },
  );
}

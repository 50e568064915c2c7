import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SavedModelError } from "../../../base/errors.js";
import { requireNoPattern } from "../../../base/path-pattern.js";
import { requireRegularFiles, UnreadableFile } from "../../../base/regular-file.js";
import { listSome, printable } from "../../../base/text.js";
import { foreignFormat, look, namesIn } from "../../../saved-model/files/foreign-format.js";
import { missingShards } from "./shards.js";

/** A checkpoint on disk. */
export interface FoundCheckpoint {
  /** Prefix of the names of its files. */
  readonly prefix: string;
  /** True if it is in the folder of a SavedModel. */
  readonly isModel: boolean;
}

/**
 * Finds a checkpoint by the prefix of its files, by the folder of the SavedModel that it is in, or by the folder of a
 * `tf.train.CheckpointManager`, of which it is the latest.
 *
 * @throws SavedModelError `VARIABLES_NOT_FOUND`, or `INVALID_ARGUMENT` for a path that TensorFlow reads as a pattern
 */
export function findCheckpoint(path: string): FoundCheckpoint {
  const given = resolve(path);
  requireNoPattern("restore()", given);
  const model = join(given, "variables", "variables");
  const places = [given, model, latestBelow(given)].filter((place) => place !== undefined);
  const prefix = places.find((place) => existsSync(`${place}.index`));
  if (prefix === undefined) throw notFound(given);
  const missing = missingShards(prefix);
  if (missing?.length !== 0) {
    const what = missing === undefined ? "" : `: ${listSome(missing, (file) => printable(file))}`;
    throw new SavedModelError("VARIABLES_NOT_FOUND", `${printable(prefix, 500)}.index lacks its data files${what}`, {
      fix: "Copy the whole checkpoint: the values are in the files .data-* beside it.",
    });
  }
  try {
    requireRegularFiles(dirname(prefix), (file) => file.startsWith(`${basename(prefix)}.`));
  } catch (cause) {
    if (!(cause instanceof UnreadableFile)) throw cause;
    throw new SavedModelError("VARIABLES_NOT_FOUND", cause.message, { cause });
  }
  return { prefix, isModel: prefix === model };
}

/** A state file has a line or two for each checkpoint that was kept. */
const MAX_STATE_BYTES = 2 ** 24;

/** Returns the latest checkpoint of a folder, as its state file `checkpoint` names it. */
function latestBelow(folder: string): string | undefined {
  const file = join(folder, "checkpoint");
  const stat = look(file);
  if (!stat?.isFile() || stat.size > MAX_STATE_BYTES) return undefined;
  const name = latestIn(readFileSync(file));
  if (name === undefined) return undefined;
  const latest = resolve(folder, name);
  // A folder that was moved still has the old absolute paths.
  return existsSync(`${latest}.index`) ? latest : join(folder, basename(latest));
}

/** Returns the latest checkpoint that a state file names. */
export function latestIn(state: Uint8Array): string | undefined {
  // A CheckpointState in text form (tensorflow/python/training/checkpoint_state.proto).
  const name = /^model_checkpoint_path: "((?:[^"\\]|\\.)*)"/m.exec(Buffer.from(state).toString("utf8"))?.[1];
  return name === undefined ? undefined : unescapeText(name);
}

/** Returns the string in the text format of a protocol buffer: bytes of UTF-8, in octal where they are not ASCII. */
function unescapeText(text: string): string {
  const latin1 = Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/\\([0-7]{3}|.)/g, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8)) : escaped,
    );
  return Buffer.from(latin1, "latin1").toString("utf8");
}

function notFound(given: string): SavedModelError {
  const name = printable(given, 500);
  const part = /\.(index|data-\d+-of-\d+)$/;
  if (part.test(given)) {
    return new SavedModelError("VARIABLES_NOT_FOUND", `${name} is neither a SavedModel nor a checkpoint`, {
      fix: `Pass the prefix of its files: ${name.replace(part, "")}.`,
    });
  }
  const format = foreignFormat(given);
  const isFile = look(given)?.isFile() === true;
  if (isFile && given.endsWith(".ckpt")) {
    return new SavedModelError(
      "VARIABLES_NOT_FOUND",
      `${name} is a checkpoint of the first version, in a single file`,
      {
        fix: "In Python, restore it with `tf.compat.v1.train.Saver` and save it again.",
      },
    );
  }
  if (isFile && format !== undefined) {
    return new SavedModelError("VARIABLES_NOT_FOUND", `${name} is not a checkpoint but ${format.what}`, {
      fix: "In Python, load it into a model and write a checkpoint of TensorFlow: `tf.train.Checkpoint(model).write(path)`.",
    });
  }
  const prefixes = namesIn(given).filter((file) => file.endsWith(".index"));
  const [first] = prefixes.map((file) => join(given, file.slice(0, -".index".length)));
  return new SavedModelError("VARIABLES_NOT_FOUND", `${name} is neither a SavedModel nor a checkpoint`, {
    fix:
      first === undefined
        ? "Pass the folder of a SavedModel, or the prefix of a checkpoint's files."
        : `Pass a checkpoint inside it: ${printable(first, 500)}.`,
  });
}

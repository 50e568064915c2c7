import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { PreparedCall } from "./call/prepared-call.js";
import { SavedModelError } from "./errors.js";
import type { Message } from "./proto/decode.js";
import type { Session } from "./session.js";
import { printable, quote, reasonOf } from "./text.js";

/** What TensorFlow and Keras put into a SavedModel's folder. */
const OWN_ENTRIES: ReadonlySet<string> = new Set([
  "saved_model.pb",
  "variables",
  "assets",
  "assets.extra",
  "debug",
  "fingerprint.pb",
  "keras_metadata.pb",
]);

/**
 * Writes a session's variables and everything else of its SavedModel to a folder. The folder appears, or is replaced, as
 * a whole: everything is written beside it and renamed.
 *
 * @throws SavedModelError `NOT_SAVEABLE`, `OUTPUT_CONFLICT` or `SAVE_FAILED`
 */
export function saveModel(session: Session, directory: string): void {
  const { saver } = session;
  const source = printable(session.directory, 500);
  if (!saver?.saveTensorName || !saver.filenameTensorName) {
    throw new SavedModelError("NOT_SAVEABLE", `${source} was exported without a way to save its variables`);
  }
  session.file.requireUnchanged();
  try {
    const target = realPath(resolve(directory));
    requireReplaceable(target, realPath(session.directory));
    writeModel(session, saver, target);
  } catch (cause) {
    if (cause instanceof SavedModelError && cause.code === "OUTPUT_CONFLICT") throw cause;
    const reason = cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause);
    const name = printable(resolve(directory), 500);
    throw new SavedModelError("SAVE_FAILED", `${source} could not be saved to ${name}: ${printable(reason, 500)}`, {
      cause,
    });
  }
}

/** Where links lead to; a path that does not exist yet is itself. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/**
 * Refuses to replace what is more than a SavedModel: nothing is ever deleted but what this package or TensorFlow wrote.
 *
 * @throws SavedModelError `OUTPUT_CONFLICT`
 */
function requireReplaceable(target: string, source: string): void {
  const conflict = (what: string): SavedModelError =>
    new SavedModelError("OUTPUT_CONFLICT", `${printable(target, 500)} ${what}`, { fix: "Save to another folder." });
  if (target !== source && isInside(target, source)) throw conflict("is inside the model that is saved");
  if (target !== source && isInside(source, target)) throw conflict("holds the model that is saved");
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined || target === source) return;
  if (!stat.isDirectory()) throw conflict("is a file");
  const entries = readdirSync(target);
  if (entries.length > 0 && !entries.includes("saved_model.pb")) throw conflict("exists and is no SavedModel");
  // Whatever the saved model has as well is replaced by its own.
  const replaced = new Set([...OWN_ENTRIES, ...readdirSync(source)]);
  const foreign = entries.find((entry) => !replaced.has(entry));
  if (foreign !== undefined) throw conflict(`holds ${quote(foreign)}, which is no part of a SavedModel`);
}

function isInside(path: string, folder: string): boolean {
  const steps = relative(folder, path);
  return steps !== "" && !steps.startsWith("..") && !isAbsolute(steps);
}

/** Writes the whole model beside the target and puts it in the target's place. */
function writeModel(session: Session, saver: Message<"SaverDef">, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const scratch = mkdtempSync(join(dirname(target), `.${basename(target)}.saving-`));
  try {
    const copy = join(scratch, "new");
    copyTree(session.directory, copy, ["variables"]);
    mkdirSync(join(copy, "variables"));
    session.copyToSaved();
    saveCall(session, saver).run([join(copy, "variables", "variables")], "tensors");
    replace(target, copy, join(scratch, "old"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const saveCalls = new WeakMap<Session, PreparedCall>();

/** The call that writes a checkpoint: it takes the path prefix, and its result is of no interest. */
function saveCall(session: Session, saver: Message<"SaverDef">): PreparedCall {
  let call = saveCalls.get(session);
  if (call === undefined) {
    const inputs = [{ key: "filename", dtype: "string", shape: [], tensor: saver.filenameTensorName }];
    const outputs = [{ key: "saved", dtype: "string", shape: null, tensor: saver.saveTensorName }];
    call = new PreparedCall(session, "save", inputs, outputs);
    saveCalls.set(session, call);
  }
  return call;
}

/** Puts a folder in the place of another, or of nothing. When that fails, what was there stays. */
function replace(target: string, replacement: string, backup: string): void {
  const exists = existsSync(target);
  if (exists) renameSync(target, backup);
  try {
    renameSync(replacement, target);
  } catch (error) {
    if (exists) renameSync(backup, target);
    throw error;
  }
}

/**
 * Copies a folder except some of its entries. Links are followed, what was read-only becomes writable, and files keep
 * their times: that is how `saved_model.pb` is known to be the same.
 */
function copyTree(source: string, target: string, except: readonly string[] = []): void {
  mkdirSync(target);
  for (const name of readdirSync(source)) {
    if (except.includes(name)) continue;
    const [from, to] = [join(source, name), join(target, name)];
    const stat = statSync(from);
    if (stat.isDirectory()) {
      copyTree(from, to);
    } else {
      copyFileSync(from, to);
      chmodSync(to, stat.mode | 0o200);
      utimesSync(to, stat.atime, stat.mtime);
    }
  }
}

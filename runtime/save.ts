import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { PreparedCall } from "./call/prepared-call.js";
import { SavedModelError } from "./errors.js";
import type { Message } from "./proto/decode.js";
import type { Session } from "./session.js";
import { printable } from "./text.js";

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
  const target = resolve(directory);
  const name = printable(target, 500);
  try {
    if (isReplaceable(target)) {
      session.file.requireUnchanged();
      writeModel(session, saver, target);
      return;
    }
  } catch (cause) {
    if (cause instanceof SavedModelError && cause.code === "SAVE_FAILED") throw cause;
    const reason = cause instanceof SavedModelError ? cause.rawMessage : String(cause);
    throw new SavedModelError("SAVE_FAILED", `${source} could not be saved to ${name}: ${reason}`, { cause });
  }
  throw new SavedModelError("OUTPUT_CONFLICT", `${name} exists and is no SavedModel`, {
    fix: "Save to a new folder, or remove this one.",
  });
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
    saveCall(session, saver).run([join(copy, "variables", "variables")]);
    replace(target, copy, join(scratch, "old"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (target === resolve(session.directory)) session.file.accept();
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

/** Nothing there, an empty folder, or a SavedModel. */
function isReplaceable(target: string): boolean {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  if (!stat.isDirectory()) return false;
  return existsSync(join(target, "saved_model.pb")) || readdirSync(target).length === 0;
}

/** Copies a folder except some of its entries. Links are followed, and what was read-only becomes writable. */
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
    }
  }
}

import { SavedModelError } from "../../runtime/base/errors.js";
import { isRecord } from "../../runtime/base/is-record.js";
import { firstLine, quote, suggest } from "../../runtime/base/text.js";
import { isTarget } from "../client/target.js";
import type { Config, ModelConfig } from "./config.js";
import { isPattern } from "./model-glob.js";

/** Checks values of a configuration; its errors name the place. */
class Checker {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  object(place: string, value: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
    if (!isRecord(value)) throw this.wrong(place, "must be an object");
    const unknown = Object.keys(value).find((key) => !keys.includes(key));
    if (unknown === undefined) return value;
    const what = place === "" ? `unknown key ${quote(unknown)}` : `${place} has the unknown key ${quote(unknown)}`;
    throw configInvalid(this.file, what, suggest(unknown, keys, "Keys", String));
  }

  path(place: string, value: unknown): void {
    if (value !== undefined && (typeof value !== "string" || value === "" || value.includes("\0"))) {
      throw this.wrong(place, "must be a path");
    }
  }

  text(place: string, value: unknown): void {
    if (value !== undefined && typeof value !== "string") throw this.wrong(place, "must be a string");
  }

  texts(place: string, value: unknown): void {
    if (value === undefined) return;
    if (!Array.isArray(value) || value.some((item) => typeof item !== "string" || item.includes("\0"))) {
      throw this.wrong(place, "must be an array of strings");
    }
  }

  /** Requires an object of strings, with arbitrary keys. */
  textsByKey(place: string, value: unknown): void {
    if (value === undefined) return;
    if (!isRecord(value)) throw this.wrong(place, "must be an object of strings");
    for (const [key, item] of Object.entries(value)) this.text(`${place}[${quote(key)}]`, item ?? null);
  }

  wrong(place: string, what: string, fix?: string): SavedModelError {
    return configInvalid(this.file, `${place === "" ? "the configuration" : place} ${what}`, fix);
  }
}

/** The known keys; the type ensures that none is missing. */
const CONFIG_KEYS: readonly string[] = Object.keys({
  models: 0,
  output: 0,
  index: 0,
  importExtension: 0,
  target: 0,
} satisfies Record<keyof Config, 0>);
const MODEL_KEYS: readonly string[] = Object.keys({
  path: 0,
  className: 0,
  output: 0,
  tags: 0,
  signatures: 0,
  deprecated: 0,
  opLibraries: 0,
} satisfies Record<keyof ModelConfig, 0>);
const EXTENSIONS: readonly unknown[] = ["js", "ts", "none", undefined];

/**
 * Checks the content of a configuration file.
 *
 * @param file the name of the file in messages
 * @throws SavedModelError `CONFIG_INVALID`, naming the key, and the nearest known one
 */
export function checkConfig(value: unknown, file: string): Config {
  const check = new Checker(file);
  const { models, output, index, importExtension, target } = check.object("", value, CONFIG_KEYS);
  if (!Array.isArray(models)) throw check.wrong("models", "must be an array", `Write models: ["models/*"].`);
  models.forEach((model: unknown, at) => {
    checkModel(check, `models[${at}]`, model);
  });
  check.path("output", output);
  if (index !== undefined && typeof index !== "boolean") throw check.wrong("index", "must be true or false");
  if (!EXTENSIONS.includes(importExtension)) throw check.wrong("importExtension", `must be "js", "ts" or "none"`);
  if (target !== undefined && !isTarget(target)) throw check.wrong("target", `must be "ts" or "js"`);
  if (target === "js" && importExtension === "ts") {
    throw check.wrong("importExtension", `must be "js" or "none" where target is "js"`);
  }
  // Every key was checked.
  return value as Config;
}

function checkModel(check: Checker, place: string, model: unknown): void {
  if (typeof model === "string") {
    check.path(place, model);
    return;
  }
  if (!isRecord(model)) throw check.wrong(place, "must be a path, or an object with one");
  const { path, className, output, tags, signatures, deprecated, opLibraries } = check.object(place, model, MODEL_KEYS);
  if (path === undefined) throw check.wrong(place, "has no path");
  check.path(`${place}.path`, path);
  check.text(`${place}.className`, className);
  check.path(`${place}.output`, output);
  check.texts(`${place}.tags`, tags);
  check.texts(`${place}.signatures`, signatures);
  check.textsByKey(`${place}.deprecated`, deprecated);
  check.texts(`${place}.opLibraries`, opLibraries);
  if (className !== undefined && isPattern(String(path))) {
    throw check.wrong(`${place}.className`, "names one class, but the path is a pattern");
  }
}

/** Returns the error for an unusable configuration. */
export function configInvalid(file: string, what: string, fix?: string, cause?: unknown): SavedModelError {
  const options = { ...(fix !== undefined && { fix }), ...(cause !== undefined && { cause }) };
  return new SavedModelError("CONFIG_INVALID", `${firstLine(file)}: ${what}`, options);
}

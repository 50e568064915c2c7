import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { SavedModelError, type SavedModelErrorOptions } from "../../base/errors.js";
import { readingRegularFile, requireRegularFiles, UnreadableFile } from "../../base/regular-file.js";
import { runNow, type Steps } from "../../base/steps.js";
import { printable, quote, reasonOf } from "../../base/text.js";
import { decode, type Message } from "../proto/decode.js";
import { encodeText } from "../proto/text-format.js";
import { foreignFormat, look } from "./foreign-format.js";
import { MODEL_FILES } from "./model-file.js";
import { suggestBelow, suggestBeside } from "./suggest-model.js";

/** Protocol buffers end at 2 GiB, and so does what Node reads in one piece. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * Checks that a folder looks like a SavedModel, before anything reads it.
 *
 * @returns the path of its `saved_model.pb`, or else of its `saved_model.pbtxt`, as in TensorFlow
 * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL` or `MODEL_FORMAT_UNSUPPORTED`
 */
export function requireModelFile(directory: string): string {
  const name = printable(directory);
  const stat = look(directory);
  const foreign = (): SavedModelError | undefined => notASavedModel(directory);
  if (stat === undefined) {
    throw (
      foreign() ??
      new SavedModelError("MODEL_NOT_FOUND", `folder not found: ${name}`, withFix(suggestBeside(directory)))
    );
  }
  if (!stat.isDirectory()) {
    throw (
      foreign() ??
      new SavedModelError("NOT_A_SAVED_MODEL", `${name} is not a folder`, {
        fix: "A SavedModel is the folder that holds saved_model.pb.",
      })
    );
  }
  for (const file of MODEL_FILES.map((model) => join(directory, model))) {
    const found = look(file);
    if (found?.isFile()) return file;
    if (found !== undefined) {
      throw new SavedModelError("NOT_A_SAVED_MODEL", `${printable(file)} is not a regular file`, {
        fix: "Copy the model as a folder with files in it.",
      });
    }
  }
  if (existsSync(join(directory, "saved_model.cpb"))) {
    throw new SavedModelError("MODEL_FORMAT_UNSUPPORTED", `${name} is split into chunks (saved_model.cpb)`);
  }
  const below = suggestBelow(directory);
  const error = below === undefined ? foreign() : undefined;
  throw error ?? new SavedModelError("NOT_A_SAVED_MODEL", `${name} holds no saved_model.pb`, withFix(below));
}

/** Returns the error for a model of another known format. */
function notASavedModel(path: string): SavedModelError | undefined {
  const format = foreignFormat(path);
  if (format === undefined) return undefined;
  const message = `${printable(path)} is not a SavedModel but ${format.what}`;
  return new SavedModelError("NOT_A_SAVED_MODEL", message, { fix: format.fix });
}

/**
 * Checks that the files which TensorFlow reads beside `saved_model.pb` are regular ones: it would wait for a FIFO for ever.
 *
 * @throws SavedModelError `LOAD_FAILED`
 */
export function requireModelFiles(directory: string): void {
  try {
    for (const name of ["variables", "assets"]) requireRegularFiles(join(directory, name), () => true);
  } catch (cause) {
    if (!(cause instanceof UnreadableFile)) throw cause;
    throw new SavedModelError("LOAD_FAILED", cause.message, {
      fix: "Copy the model as a folder with files in it.",
      cause,
    });
  }
}

function withFix(fix: string | undefined): SavedModelErrorOptions {
  return fix === undefined ? {} : { fix };
}

/**
 * Reads the meta graphs of a SavedModel. Graphs stay undecoded: views of the file's bytes.
 *
 * @throws SavedModelError the codes of {@link requireModelFile}, or `MODEL_CORRUPT`
 */
export function readMetaGraphs(directory: string): readonly Message<"MetaGraphDef">[] {
  return runNow(readingMetaGraphs(directory));
}

/** Reads the same in steps. */
export function* readingMetaGraphs(directory: string): Steps<readonly Message<"MetaGraphDef">[]> {
  const file = requireModelFile(directory);
  const name = printable(file);
  const { size } = statSync(file);
  if (size > MAX_BYTES) throw new SavedModelError("MODEL_CORRUPT", `${name} is larger than 2 GiB (${size} bytes)`);
  // The files of /proc say that they have none.
  if (size === 0) throw new SavedModelError("MODEL_CORRUPT", `${name} is empty: it holds no meta graph`);
  const bytes = yield* readingWhole(file);
  const metaGraphs = decodeMetaGraphs(file.endsWith(".pbtxt") ? encodeModelText(bytes, name) : bytes, name);
  if (metaGraphs.length === 0) throw new SavedModelError("MODEL_CORRUPT", `${name} holds no meta graph`);
  return metaGraphs;
}

function* readingWhole(file: string): Steps<Uint8Array> {
  try {
    return yield* readingRegularFile(file, MAX_BYTES);
  } catch (cause) {
    throw new SavedModelError("LOAD_FAILED", `a model cannot be read: ${printable(reasonOf(cause), 500)}`, { cause });
  }
}

/** The model in binary format. */
function encodeModelText(text: Uint8Array, name: string): Uint8Array {
  try {
    return encodeText("SavedModel", text);
  } catch (cause) {
    const what = `${name} is not a SavedModel in text format: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("MODEL_CORRUPT", what, { cause });
  }
}

function decodeMetaGraphs(bytes: Uint8Array, name: string): readonly Message<"MetaGraphDef">[] {
  try {
    return decode("SavedModel", bytes).metaGraphs;
  } catch (cause) {
    throw new SavedModelError("MODEL_CORRUPT", `${name} is truncated or not a SavedModel`, { cause });
  }
}

/**
 * Returns the meta graph with these tags; without tags the one tagged `serve`, or the only one.
 *
 * @throws SavedModelError `TAGS_NOT_FOUND`, listing the available tags
 */
export function chooseMetaGraph(
  directory: string,
  metaGraphs: readonly Message<"MetaGraphDef">[],
  tags?: readonly string[],
): Message<"MetaGraphDef"> {
  const [only] = metaGraphs;
  if (tags === undefined && metaGraphs.length === 1 && only !== undefined) return only;
  const wanted = JSON.stringify([...new Set(tags ?? ["serve"])].sort());
  const chosen = metaGraphs.find((metaGraph) => JSON.stringify(tagsOf(metaGraph)) === wanted);
  if (chosen !== undefined) return chosen;
  const name = printable(directory, 500);
  const what =
    tags === undefined
      ? `${name} has several meta graphs, none of them tagged "serve"`
      : `${name} has no meta graph tagged ${formatTags(tags)}`;
  const sets = metaGraphs.map(tagsOf);
  const error = new SavedModelError("TAGS_NOT_FOUND", what, { fix: adviseOnTags(sets, "option") });
  tagSets.set(error, sets);
  throw error;
}

/** Available tag sets, by the error for others. */
const tagSets: WeakMap<SavedModelError, readonly (readonly string[])[]> = new WeakMap();

/** Place where a tag set is chosen: as an option of a function, with a flag, or in the configuration. */
export type TagsPlace = "option" | "flag" | "configuration";

/** Returns the error with advice for another place of choosing tags than an option; any other error as it is. */
export function inTermsOf(place: TagsPlace, error: unknown): unknown {
  const sets = error instanceof SavedModelError ? tagSets.get(error) : undefined;
  if (!(error instanceof SavedModelError) || sets === undefined) return error;
  const other = new SavedModelError(error.code, error.rawMessage, { fix: adviseOnTags(sets, place) });
  tagSets.set(other, sets);
  return other;
}

function adviseOnTags(sets: readonly (readonly string[])[], place: TagsPlace): string {
  const format = place === "flag" ? tagsFlag : formatOption;
  const more = sets.length > SHOWN ? `; and ${sets.length - SHOWN} more` : "";
  const shown = sets.slice(0, SHOWN).map(format).join("; ") + more;
  if (place === "flag") return `Choose ${sets.length === 1 ? "the only one" : "one"}: ${shown}.`;
  const where = place === "option" ? "the option `tags`" : "the key `tags` of the model in the configuration";
  return `Choose ${sets.length === 1 ? "the only one" : "one"} with ${where}: ${shown}.`;
}

/** Formats a tag set as in code: `["serve", "gpu"]`. */
function formatOption(tags: readonly string[]): string {
  const more = tags.length > SHOWN ? ` and ${tags.length - SHOWN} more` : "";
  return `[${tags.slice(0, SHOWN).map(quote).join(", ")}${more}]`;
}

/** Maximum number of tag sets, or of tags in one, in a message. */
const SHOWN = 20;

/** The tags of a meta graph in code-unit order: they are a set. */
export function tagsOf(metaGraph: Message<"MetaGraphDef">): readonly string[] {
  return [...new Set(metaGraph.metaInfoDef?.tags ?? [])].sort();
}

/**
 * Returns the flags that choose a tag set on the command line, ready to be typed: `--tags serve,gpu`, quoted where a
 * shell needs it.
 */
export function tagsFlag(tags: readonly string[]): string {
  const list = printable(tags.join(","), 500);
  return /^[\w./:@%+=,-]+$/.test(list) ? `--tags ${list}` : `--tags "${list.replace(/["$`\\]/g, "\\$&")}"`;
}

/** Tag sets for a message: `"serve"` or `"serve", "gpu"`; a model may have a meta graph without tags. */
function formatTags(tags: readonly string[]): string {
  const more = tags.length > SHOWN ? ` and ${tags.length - SHOWN} more` : "";
  return tags.length === 0 ? "(no tags)" : tags.slice(0, SHOWN).map(quote).join(", ") + more;
}

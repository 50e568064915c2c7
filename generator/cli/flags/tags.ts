import { inTermsOf } from "../../../runtime/saved-model/files/saved-model-file.js";

/** The option that selects a meta graph, the same for every command. */
export const TAGS_FLAGS = "--tags <tags>";
export const TAGS_HELP = "the tags of the meta graph, separated by commas (default: serve, or the only one)";

/** Reads a model, or models. Its errors advise in terms of flags. */
export function inFlags<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw inTermsOf("flag", error);
  }
}

/** Parses `serve,gpu` → `["serve", "gpu"]`; an empty string is the empty set. */
export function parseTags(text: string): readonly string[] {
  return text === "" ? [] : text.split(",").map((tag) => tag.trim());
}

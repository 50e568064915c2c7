/** The option by which a meta graph is chosen, the same for every command. */
export const TAGS_FLAGS = "--tags <tags>";
export const TAGS_HELP = "the tags of the meta graph, separated by commas (default: serve, or the only one)";

/** `serve,gpu` → `["serve", "gpu"]`; an empty text is the empty set. */
export function parseTags(text: string): readonly string[] {
  return text === "" ? [] : text.split(",").map((tag) => tag.trim());
}

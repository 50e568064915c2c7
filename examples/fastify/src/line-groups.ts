/** A longer line is not a row. */
const MAX_LENGTH = 65_536;

/**
 * The lines of a stream of text, without empty ones, in groups: those that arrived together, at most `size` of them.
 *
 * @throws Error for a line of more than 65,536 characters
 */
export async function* lineGroups(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LENGTH) throw new Error("a line is too long");
    yield* groupsOf(lines, size);
  }
  yield* groupsOf([rest + decoder.decode()], size);
}

function* groupsOf(lines: readonly string[], size: number): Generator<readonly string[]> {
  const full = lines.filter((line) => line.trim() !== "");
  for (let start = 0; start < full.length; start += size) yield full.slice(start, start + size);
}

import { SavedModelError } from "savedmodel";
import { lineGroups } from "./line-groups.js";
import type { ServedModel } from "./served-model.js";

/** The most rows of one run. */
const MAX_ROWS = 256;

/**
 * Predicts for rows of NDJSON, such as `[1, 2]`, in their order: one line of output for each, such as `0.5`. Rows that
 * arrived together are run together. A row that does not fit, or a failure, ends the output with a line
 * `{"error": {"code", "message"}}`.
 */
export async function* predictLines(
  served: ServedModel,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    for await (const lines of lineGroups(chunks, MAX_ROWS)) {
      const { rows, error } = parseRows(lines);
      if (rows.length > 0) {
        const predictions = await served.client.async.pred(rows, { signal });
        yield Array.from(predictions.data, (value) => `${JSON.stringify(value)}\n`).join("");
      }
      if (error !== undefined) throw error;
    }
  } catch (error) {
    // Its reader has gone.
    if (signal.aborted) return;
    const { code, message } = explain(error);
    yield `${JSON.stringify({ error: { code, message } })}\n`;
  }
}

/** The rows before the first that is none, and what is wrong with that. */
function parseRows(lines: readonly string[]): { readonly rows: number[][]; readonly error?: Error } {
  const rows: number[][] = [];
  for (const line of lines) {
    const row = parseJson(line);
    if (!isRow(row)) return { rows, error: new BadRow("each line must be an array of two numbers") };
    rows.push(row);
  }
  return { rows };
}

class BadRow extends Error {}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((element) => typeof element === "number");
}

function explain(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof BadRow) return { code: "BAD_ROW", message: error.message };
  if (error instanceof SavedModelError) return { code: error.code, message: error.rawMessage };
  return { code: "INTERNAL", message: "the prediction failed" };
}

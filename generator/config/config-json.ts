import { readRegularFile } from "../../runtime/base/regular-file.js";

/** Size limit; no configuration is nearly as large. */
const MAX_BYTES = 10_000_000;

/** A syntax error in a JSON file, with its line. */
export class JsonError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Parses a JSON file. Comments and a trailing comma are accepted, as in a tsconfig.json.
 *
 * @throws JsonError
 */
export async function readJson(path: string): Promise<unknown> {
  const text = readRegularFile(path, MAX_BYTES)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch {
    // TypeScript's reader takes long to load, and knows the place of an error.
    const { ts } = await import("ts-morph");
    const { config, error } = ts.parseConfigFileTextToJson(path, text);
    if (error === undefined) return config;
    const line = text.slice(0, error.start).split("\n").length;
    throw new JsonError(ts.flattenDiagnosticMessageText(error.messageText, " "), line);
  }
}

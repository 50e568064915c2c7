import { closeSync, createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { TextDecoder } from "node:util";
import Papa, { type ParseConfig, type ParseResult } from "papaparse";
import { awaitAtCaller, withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { openRegularFile } from "../base/regular-file.js";
import { type CheckedCsvOptions, type CsvOptions, checkCsvOptions } from "./csv-options.js";
import { csvInvalid, isBlank, type RecordReader, recordReader } from "./csv-records.js";
import { filePath, isSystemError, readFailed, showPath } from "./read-file.js";
import type { Table } from "./table.js";

/** Number of characters that are parsed at a time. */
const CHUNK = 1 << 20;
/** A longer record is one whose quotes are never closed, and the rest of the file would be read as one cell. */
const LONGEST_RECORD = 1 << 24;

/**
 * Parses CSV: a header, and then one row per line. Columns are Float64Array (or Float32Array, on request) where their
 * cells are numbers, and otherwise arrays of strings.
 *
 * Cells may be quoted (RFC 4180). Line breaks of every kind are accepted, and become `\n` within a quoted cell. A byte
 * order mark and blank lines are skipped.
 *
 * @throws SavedModelError `CSV_INVALID` for rows that are longer or shorter than the header, duplicate names, empty
 * cells and strings among numbers, and unclosed quotes; `INVALID_OPTION`; `INVALID_ARGUMENT`
 */
export function parseCsv(text: string, options: CsvOptions = {}): Table {
  return withCallerStack(parseCsv, () => {
    const checked = checkCsvOptions("parseCsv()", options);
    if (typeof text !== "string")
      throw new SavedModelError("INVALID_ARGUMENT", "parseCsv() takes the content of a CSV file, a string");
    const reader = recordReader("parseCsv()", checked);
    const plain = text.replace(/^\ufeff/, "").replaceAll(/\r\n?/g, "\n");
    const lines = plain === "" || plain.endsWith("\n") ? plain : `${plain}\n`;
    let given = 0;
    Papa.parse<string[]>(lines, {
      ...settings(checked),
      chunkSize: CHUNK,
      chunk: (results: ParseResult<string[]>) => {
        given = Math.min(given + CHUNK, lines.length);
        // The parser takes the end of the last line for the beginning of another.
        if (given === lines.length && isBlank(results.data.at(-1))) results.data.pop();
        takeRecords(reader, results, given);
      },
      // Its work is done; the types ask for it.
      complete: () => undefined,
    });
    return reader.finish();
  });
}

/**
 * Reads a CSV file as {@link parseCsv} does, a piece at a time, so that only the table is kept in memory.
 *
 * @param file a path or a `file:` URL; the file is UTF-8
 * @throws SavedModelError the codes of {@link parseCsv}, whose messages begin with the path; `READ_FAILED`;
 * `INVALID_UTF8`
 */
export function readCsv(file: string | URL, options: CsvOptions = {}): Promise<Table> {
  return awaitAtCaller(readCsv, async () => {
    const path = filePath("readCsv()", file);
    const checked = checkCsvOptions("readCsv()", options);
    const reader = recordReader("readCsv()", checked);
    const given = { characters: 0 };
    const input = Readable.from(textOf(path, given), { objectMode: true, highWaterMark: 1 });
    try {
      await new Promise<void>((resolve, reject) => {
        Papa.parse(input, {
          ...settings(checked),
          chunk: (results: ParseResult<string[]>) => takeRecords(reader, results, given.characters),
          complete: () => resolve(),
          error: reject,
        });
      });
      return reader.finish();
    } catch (cause) {
      throw isSystemError(cause) ? readFailed(path, cause) : namePath(path, cause);
    } finally {
      input.destroy();
    }
  });
}

function settings({ delimiter }: CheckedCsvOptions): ParseConfig<string[]> {
  return { delimiter, newline: "\n", header: false, dynamicTyping: false, skipEmptyLines: false };
}

/**
 * Hands the records of one piece to the reader.
 *
 * @param given number of characters that the parser has received so far
 */
function takeRecords(reader: RecordReader, results: ParseResult<string[]>, given: number): void {
  const { data, errors, meta } = results;
  // The parser does not know records that are not complete yet: they are not among the data.
  const malformed = errors.find(({ row = 0 }) => row < data.length);
  for (const [index, cells] of data.entries()) {
    if (index === malformed?.row) throw badQuotes(reader.line, malformed.code);
    reader.add(cells);
  }
  if (given - meta.cursor > LONGEST_RECORD) {
    throw csvInvalid(`line ${reader.line} begins a row that does not end within 16 million characters`, CLOSE_QUOTES);
  }
}

const CLOSE_QUOTES = 'A cell that begins with a quote ends with one, and a quote in it is written twice: "a ""b"" c".';

function badQuotes(line: number, code: string): SavedModelError {
  const what =
    code === "MissingQuotes" ? "an unterminated quoted cell" : "characters after the closing quote of a cell";
  return csvInvalid(`line ${line} has ${what}`, CLOSE_QUOTES);
}

/** Reads the text of a file in pieces, with line breaks normalized. */
async function* textOf(path: string, given: { characters: number }): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let held = "";
  const normalise = (text: string, last: boolean): string => {
    // Only the next piece tells whether a line feed follows a carriage return.
    const whole = held + text;
    held = !last && whole.endsWith("\r") ? "\r" : "";
    const piece = whole.slice(0, whole.length - held.length).replaceAll(/\r\n?/g, "\n");
    given.characters += piece.length;
    return piece;
  };
  let isLineOpen = false;
  const pieces = async function* (): AsyncGenerator<string> {
    const { descriptor, size } = openRegularFile(path);
    // Text that is appended meanwhile is not read.
    const range = { fd: descriptor, start: 0, end: size - 1 };
    // A file of /proc has no bytes, and could be read without end.
    const bytesOf = size === 0 ? closed(descriptor) : createReadStream(path, { ...range, highWaterMark: CHUNK });
    for await (const bytes of bytesOf) {
      yield normalise(decode(decoder, bytes as Uint8Array), false);
    }
    yield normalise(decode(decoder), true);
  };
  for await (const piece of pieces()) {
    if (piece === "") continue;
    isLineOpen = !piece.endsWith("\n");
    yield piece;
  }
  // What is quoted in the last cell may only be followed by blanks where a line break follows them.
  if (isLineOpen) yield "\n";
}

/** Reads the pieces of a file without bytes. */
function closed(descriptor: number): readonly Uint8Array[] {
  closeSync(descriptor);
  return [];
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new SavedModelError("INVALID_UTF8", "the file is not valid UTF-8", {
      fix: "Save it as UTF-8.",
      cause,
    });
  }
}

/** Returns the same error, with the file in front of its message. */
function namePath(path: string, error: unknown): unknown {
  if (!(error instanceof SavedModelError) || error.code === "INVALID_OPTION") return error;
  const { code, rawMessage, fix, cause } = error;
  return new SavedModelError(code, `${showPath(path)}: ${rawMessage}`, fix === undefined ? { cause } : { fix, cause });
}

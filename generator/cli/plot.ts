import { constants } from "node:buffer";
import { existsSync, statSync } from "node:fs";
import { Command } from "commander";
import { SavedModelError } from "../../runtime/base/errors.js";
import { readRegularFile } from "../../runtime/base/regular-file.js";
import { printable, quote, reasonOf } from "../../runtime/base/text.js";
import { History } from "../../runtime/training/history/history.js";
import { writeWhole } from "../project/write-client.js";
import { addHelpEnd } from "./ui/help.js";
import { reportWritten } from "./ui/report.js";

interface PlotFlags {
  readonly output: string;
  readonly title?: string;
}

/** Returns `savedmodel plot <history>`, which draws the chart of a training. */
export function plotCommand(): Command {
  const command = new Command("plot")
    .summary("draw a chart of a training")
    .description(
      "Draws the history that `savedmodel train --history` or JSON.stringify(history) wrote as a chart, an SVG file.",
    )
    .argument("<history>", "the .json file")
    .requiredOption("-o, --output <file>", "the .svg file to write, or - for standard output (required)")
    .option("--title <text>", "the title of the chart")
    .action(plot);
  return addHelpEnd(command, {
    examples: ["plot history.json -o loss.svg", 'plot history.json --title "Digits" -o - > loss.svg'],
  });
}

function plot(path: string, { output, title }: PlotFlags): void {
  const svg = readHistory(path).toSVG(title === undefined ? {} : { title });
  if (output === "-") {
    process.stdout.write(svg);
    return;
  }
  requirePlaceFor(output);
  writeWhole(output, svg);
  reportWritten(output);
}

/** Reads a history. @throws SavedModelError `HISTORY_INVALID`; `INVALID_OPTION` for a file that cannot be read */
function readHistory(path: string): History {
  let text: string;
  try {
    text = readRegularFile(path, constants.MAX_STRING_LENGTH)
      .toString("utf8")
      .replace(/^\ufeff/, "");
  } catch (cause) {
    const what = `${quote(path)} cannot be read: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("INVALID_OPTION", what, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const what = `${quote(path)} is not JSON: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("HISTORY_INVALID", what, { cause });
  }
  try {
    return History.fromJSON(json);
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    throw new SavedModelError(error.code, `${quote(path)}: ${error.rawMessage}`, {
      fix: "Write it with JSON.stringify(history).",
      cause: error,
    });
  }
}

/** Start of an SVG file, perhaps with a declaration, comments or a document type. */
const SVG_START = /^\ufeff?\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->)[\s\S])*-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/;

/** Number of characters to search for the root; no SVG file has as many before it. */
const SVG_HEAD = 100_000;

/**
 * @throws SavedModelError `OUTPUT_CONFLICT`, `WRITE_FAILED` when the existing file is not a chart that may be replaced
 */
function requirePlaceFor(path: string): void {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    throw new SavedModelError("WRITE_FAILED", `${printable(path, 500)} cannot be written: it is a folder`);
  }
  let present: string;
  try {
    present = readRegularFile(path, constants.MAX_STRING_LENGTH).toString("utf8");
  } catch (cause) {
    const what = `${printable(path, 500)} cannot be written: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("WRITE_FAILED", what, { cause });
  }
  if (present === "" || SVG_START.test(present.slice(0, SVG_HEAD))) return;
  throw new SavedModelError("OUTPUT_CONFLICT", `${printable(path, 500)} exists and is not an SVG file`, {
    fix: "Move it, or choose another file.",
  });
}

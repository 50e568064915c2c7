import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { History } from "../../../runtime/training/history/history.js";
import type { Finished } from "../../support/cli.js";
import { tempFolder } from "../../support/temp.js";

const command = [
  "--import",
  pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href,
  fileURLToPath(new URL("../../../generator/cli/main.ts", import.meta.url)),
];

const history = new History(
  [0.9, 0.4, 0.5].map((loss, index) => ({
    epoch: index + 1,
    step: (index + 1) * 10,
    rows: 320,
    seconds: 0.25,
    metrics: { loss },
  })),
  { bestEpoch: 2, monitor: "loss" },
);

/** A folder with a history in it. */
function folderWithHistory(text: string = JSON.stringify(history)): string {
  const folder = tempFolder();
  writeFileSync(join(folder, "history.json"), text);
  return folder;
}

/** Runs `savedmodel plot` on the sources, as a user would, without a terminal. */
function plot(cwd: string, ...parameters: readonly string[]): Finished {
  const { FORCE_COLOR: _, ...env } = process.env;
  const all = [...command, "plot", ...parameters];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { cwd, env, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("savedmodel plot", () => {
  it("plot writes the chart of a history", () => {
    const folder = folderWithHistory();
    const output = join("pictures", "loss.svg");
    expect(plot(folder, "history.json", "-o", output)).toEqual({ status: 0, stdout: `wrote ${output}\n`, stderr: "" });
    expect(readFileSync(join(folder, output), "utf8")).toBe(history.toSVG());
    expect(readdirSync(join(folder, "pictures"))).toEqual(["loss.svg"]);
  });

  it("plot prints the chart for -, with a heading", () => {
    const { status, stdout, stderr } = plot(folderWithHistory(), "history.json", "-o", "-", "--title", "a < b");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(history.toSVG({ title: "a < b" }));
  });

  it("plot reads a file with a byte order mark", () => {
    expect(plot(folderWithHistory(`\ufeff${JSON.stringify(history)}`), "history.json", "-o", "-").status).toBe(0);
  });

  it.each([
    ["a picture", "<svg></svg>"],
    [
      "one with a head",
      '<?xml version="1.0"?>\n<!-- <p> -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "">\n<svg width="1"/>',
    ],
  ])("plot replaces %s", (_, present) => {
    const folder = folderWithHistory();
    writeFileSync(join(folder, "loss.svg"), present);
    expect(plot(folder, "history.json", "-o", "loss.svg").status).toBe(0);
    expect(readFileSync(join(folder, "loss.svg"), "utf8")).toBe(history.toSVG());
  });

  it.each([
    ["itself", "history.json", "OUTPUT_CONFLICT: history.json exists and is not an SVG file. Move it, or"],
    ["a page with a picture", "page.html", "OUTPUT_CONFLICT: page.html exists and is not an SVG file"],
    ["a folder", "folder", "WRITE_FAILED: folder cannot be written: it is a folder"],
    ["what is below a file", "history.json/loss.svg", "WRITE_FAILED: history.json/loss.svg cannot be written: "],
  ])("plot does not overwrite %s", (_, output, message) => {
    const folder = folderWithHistory();
    writeFileSync(join(folder, "page.html"), "<p><svg></svg></p>");
    mkdirSync(join(folder, "folder"));
    const { status, stdout, stderr } = plot(folder, "history.json", "-o", output);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
    expect(readdirSync(folder).sort()).toEqual(["folder", "history.json", "page.html"]);
    expect(readFileSync(join(folder, "history.json"), "utf8")).toBe(JSON.stringify(history));
  });

  it.each([
    ["not JSON", "{", 1, 'HISTORY_INVALID: "history.json" is not JSON: '],
    ["empty", "", 1, 'HISTORY_INVALID: "history.json" is not JSON: '],
    [
      "something else",
      "[]",
      1,
      'HISTORY_INVALID: "history.json": this is not the history of a training: it must be an object',
    ],
  ])("plot rejects a file that is %s, and writes nothing", (_, text, status, message) => {
    const folder = folderWithHistory(text);
    const result = plot(folder, "history.json", "-o", "loss.svg");
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(result.stderr).toContain(`error ${message}`);
    expect(existsSync(join(folder, "loss.svg"))).toBe(false);
  });

  it.each([
    [["none.json", "-o", "-"], 'INVALID_OPTION: "none.json" cannot be read: ENOENT'],
    [["history.json"], "required option '-o, --output <file>' not specified"],
    [["-o", "-"], "missing required argument 'history'"],
  ])("plot prints its usage for %j", (parameters, message) => {
    const { status, stdout, stderr } = plot(folderWithHistory(), ...parameters);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});

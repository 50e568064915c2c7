/** `npm run soak`: repeats the work of long-running programs, and fails if memory grows. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Phase, phases } from "./node/phases.js";
import type { SoakReport } from "./node/soak.js";
import { type Folders, prepareFolders } from "./workplace.js";

const USAGE = `usage: npm run soak -- [options]

  --short          about a minute: as much as shows every leak
  --quick          a tenth of the work
  --only <phase>   only this phase (${phases.map(({ name }) => name).join(", ")}); can be given several times
`;
const MEGABYTE = 1024 * 1024;
/** Growth in bytes above which memory leaks; smaller growth is the allocator's. */
const BYTES_LIMIT = 20 * MEGABYTE;
/** Growth per part above which things of a kind leak; their number may vary between measurements. */
const THINGS_LIMIT = 4;

/** The young generation stays small: otherwise it may grow by tens of megabytes at any time, which is not a leak. */
const NODE_OPTIONS = ["--expose-gc", "--max-semi-space-size=1"];

type Length = "long" | "quick" | "short";

function countsOf(phase: Phase, length: Length): { readonly count: number; readonly warmUp: number } {
  if (length === "short") return phase.short;
  return { count: length === "quick" ? phase.count / 10 : phase.count, warmUp: phase.warmUp };
}

function measure({ root, folder, programs }: Folders, phase: Phase, length: Length): SoakReport {
  const { count, warmUp } = countsOf(phase, length);
  const args = [...NODE_OPTIONS, join(programs, "soak.js"), phase.name, `${count}`, `${warmUp}`];
  const temporary = mkdtempSync(join(folder, "temporary-"));
  const { status, signal, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2", TMPDIR: temporary, TMP: temporary, TEMP: temporary },
  });
  if (status !== 0) throw new Error(`${phase.name} ended with ${status ?? signal}`);
  return JSON.parse(stdout) as SoakReport;
}

/** Returns the growth. Leaks grow in each part; an allocator, or a pool that fills, grows in some. */
function growth(values: readonly number[]): number {
  const parts = values.slice(1).map((value, index) => value - (values[index] ?? 0));
  return Math.min(...parts);
}

/** Describes unexpected growth. */
function leaksIn({ held }: SoakReport): readonly string[] {
  const parts = held.length - 1;
  const bytes = growth(held.map(({ bytes }) => bytes)) * parts;
  const kinds = new Set(held.flatMap(({ things }) => Object.keys(things)));
  const things = [...kinds].flatMap((kind) => {
    const each = growth(held.map(({ things }) => things[kind] ?? 0));
    return each > THINGS_LIMIT ? [`${kind}: +${each} or more in each of ${parts} parts`] : [];
  });
  return bytes < BYTES_LIMIT ? things : [`memory: +${inMegabytes(bytes)} MB or more`, ...things];
}

function main(length: Length, only: readonly string[]): void {
  const unknown = only.find((name) => phases.every((phase) => phase.name !== name));
  if (unknown !== undefined) throw new TypeError(`there is no phase ${unknown}`);
  const folders = prepareFolders();
  for (const phase of phases.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const { count } = countsOf(phase, length);
    const report = measure(folders, phase, length);
    const [warm = 0, ...later] = report.held.map(({ bytes }) => bytes);
    const end = later.at(-1) ?? warm;
    const sign = end < warm ? "" : "+";
    const what = `${count.toLocaleString("en")} ${phase.unit} in ${(report.milliseconds / 1000).toFixed(1)} s`;
    process.stdout.write(
      `${what}: ${inMegabytes(warm)} MB resident after warm-up, ${inMegabytes(end)} MB at the end (${sign}${inMegabytes(end - warm)} MB)\n`,
    );
    const leaks = leaksIn(report);
    for (const leak of leaks) process.stdout.write(`${phase.name} leaks ${leak}\n`);
    if (leaks.length > 0) process.exitCode = 1;
  }
}

function inMegabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}

try {
  const { values } = parseArgs({
    options: {
      short: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else main(values.short ? "short" : values.quick ? "quick" : "long", values.only);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  if (error instanceof TypeError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}

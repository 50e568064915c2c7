/** `npm run soak`: repeats what programs do for long, and fails where memory grows. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Phase, phases } from "./node/phases.js";
import { type Folders, prepareFolders } from "./workplace.js";

const USAGE = `usage: npm run soak -- [options]

  --quick          a tenth of the work
  --only <phase>   only this phase (${phases.map(({ name }) => name).join(", ")}); can be given several times
`;
const MEGABYTE = 1024 * 1024;
/** A phase that grows by this much leaks; what grows less is the allocator's. */
const LIMIT = 20 * MEGABYTE;

/** In bytes of resident memory. */
interface Measured {
  readonly warm: number;
  readonly end: number;
  readonly milliseconds: number;
}

/** The young generation stays small: otherwise it takes tens of megabytes when it pleases, and that is no leak. */
const NODE_OPTIONS = ["--expose-gc", "--max-semi-space-size=1"];

function measure({ root, programs }: Folders, phase: Phase, count: number): Measured {
  const args = [...NODE_OPTIONS, join(programs, "soak.js"), phase.name, `${count}`];
  const { status, signal, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
  });
  if (status !== 0) throw new Error(`${phase.name} ended with ${status ?? signal}`);
  return JSON.parse(stdout) as Measured;
}

function main(quick: boolean, only: readonly string[]): void {
  const unknown = only.find((name) => phases.every((phase) => phase.name !== name));
  if (unknown !== undefined) throw new TypeError(`there is no phase ${unknown}`);
  const folders = prepareFolders();
  for (const phase of phases.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const count = quick ? phase.count / 10 : phase.count;
    const { warm, end, milliseconds } = measure(folders, phase, count);
    const growth = end - warm;
    const what = `${count.toLocaleString("en")} ${phase.unit} in ${(milliseconds / 1000).toFixed(1)} s`;
    const verdict = growth < LIMIT ? "" : ", too much";
    const sign = growth < 0 ? "" : "+";
    process.stdout.write(
      `${what}: ${inMegabytes(warm)} MB resident after warm-up, ${inMegabytes(end)} MB at the end (${sign}${inMegabytes(growth)} MB${verdict})\n`,
    );
    if (growth >= LIMIT) process.exitCode = 1;
  }
}

function inMegabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}

try {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else main(values.quick, values.only);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  if (error instanceof TypeError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}

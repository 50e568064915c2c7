import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Copy } from "./copy.js";

/** The outcome of a run of test files. */
export interface SuiteRun {
  /** The test files that failed, and one failed test of each where there is one. */
  readonly failed: ReadonlyMap<string, string>;
  /** Another reason to fail: an unhandled error, or a process that crashed. */
  readonly broken: string | undefined;
  /** The run was ended from outside: Vitest cannot end tests that hang in a loop or in a system call. */
  readonly hung: boolean;
  /** The time that each test file took. */
  readonly milliseconds: ReadonlyMap<string, number>;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Lists of faults are compared with the sources there, which a fault changes. */
const EXCLUDED = "test/mutants/**";

const TEST_LIMIT_MS = 240_000;

interface SuiteOptions {
  /** None means all. */
  readonly files: readonly string[];
  readonly without: readonly string[];
  readonly bail: boolean;
  readonly limitMs: number;
}

const running = new Set<() => void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const end of running) end();
    process.exit(1);
  });
}

/** Runs test files of a copy with Vitest. */
export async function runTests(copy: Copy, { files, without, bail, limitMs }: SuiteOptions): Promise<SuiteRun> {
  const report = join(copy.temp, "..", "report.json");
  rmSync(report, { force: true });
  copy.cleanTemp();
  const parameters = [
    join(copy.folder, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=json",
    `--outputFile=${report}`,
    // Faults make promises that never settle: a machine that works on nothing else need not wait as long as others.
    `--testTimeout=${TEST_LIMIT_MS}`,
    `--hookTimeout=${TEST_LIMIT_MS}`,
    ...[EXCLUDED, ...without].map((pattern) => `--exclude=${pattern}`),
    ...(bail ? ["--bail=1"] : []),
    ...files,
  ];
  const { UPDATE_GOLDENS: _, ...environment } = process.env;
  const child = spawn(process.execPath, parameters, {
    cwd: copy.folder,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it started ends with it.
    detached: true,
    env: { ...environment, TMPDIR: copy.temp },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => (output = `${output}${data}`.slice(-4000)));
  let hung = false;
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  running.add(end);
  const timer = setTimeout(() => {
    hung = true;
    end();
  }, limitMs);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearTimeout(timer);
  running.delete(end);
  if (hung) return { failed: new Map(), broken: undefined, hung, milliseconds: new Map() };
  const results = existsSync(report) ? (JSON.parse(readFileSync(report, "utf8")) as Report).testResults : [];
  const byFile = results.map((result) => [relative(copy.folder, result.name).replaceAll("\\", "/"), result] as const);
  const failed = new Map(
    byFile.filter(([, { status }]) => status === "failed").map(([file, result]) => [file, firstFailure(result)]),
  );
  const milliseconds = new Map(byFile.map(([file, { startTime, endTime }]) => [file, endTime - startTime]));
  if (/No test files found/.test(output)) throw new Error(`Vitest found no test file among ${files.join(", ")}`);
  const broken = status !== 0 && failed.size === 0 ? lastWords(output) : undefined;
  return { failed, broken, hung, milliseconds };
}

function firstFailure({ message, assertionResults }: Report["testResults"][number]): string {
  const test = assertionResults.find(({ status }) => status === "failed")?.fullName;
  return test ?? message.split("\n", 1)[0] ?? "";
}

function lastWords(output: string): string {
  const line = output.split("\n").find((line) => /error/i.test(line)) ?? "";
  return line.trim() === "" ? "the tests ended with an error" : line.trim();
}

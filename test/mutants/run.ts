/** `npm run mutants`: injects small faults into a copy of the sources, one at a time, and expects a test to fail. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Compiler, sourceOf } from "./runner/compiler.js";
import { Copy } from "./runner/copy.js";
import { type ListedFault, problemsOf, readFaults } from "./runner/faults.js";
import { type Result, Results } from "./runner/results.js";
import { runTests, type SuiteRun } from "./runner/suite.js";

const USAGE = `usage: npm run mutants -- [options]

  --only <prefix>  only the faults whose id or area begins with this; can be given several times
  --nearest        do not run the whole suite for faults that the listed tests do not notice
  --resume         keep the results of a run before, of faults and files that are the same
  --jobs <count>   copies of the tree that are tested at the same time (default: 1)
`;
/** The share of faults that the tests have to notice. */
const REQUIRED = 0.95;
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** Tests that need this many times as long with a fault as without hang, which notices the fault too. */
const PATIENCE = 20;

class UsageError extends Error {}

interface Settings {
  readonly only: readonly string[];
  readonly nearest: boolean;
  readonly resume: boolean;
  readonly jobs: number;
}

function readSettings(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      nearest: { type: "boolean", default: false },
      resume: { type: "boolean", default: false },
      jobs: { type: "string", default: "1" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > availableParallelism()) {
    throw new UsageError(`--jobs: expected an integer from 1 to ${availableParallelism()}, got ${values.jobs}`);
  }
  return { ...values, jobs };
}

/** The copies, and the test files that fail without any fault: they cannot notice one. */
class Runner {
  readonly #copies: readonly Copy[];
  /** The time that each test file takes without a fault. */
  readonly #milliseconds = new Map<string, number>();
  readonly failing: Map<string, string>;
  #suite: Promise<void> | undefined;
  readonly #nearestOnly: boolean;

  private constructor(copies: readonly Copy[], nearestOnly: boolean) {
    this.#copies = copies;
    this.failing = new Map();
    this.#nearestOnly = nearestOnly;
  }

  static async start(faults: readonly ListedFault[], { jobs, nearest }: Settings): Promise<Runner> {
    print(`copying and building the tree`);
    const copies = Copy.make(jobs);
    const files = [...new Set(faults.flatMap(({ tests }) => tests))].sort();
    print(`running ${files.length} test files without a fault`);
    const [copy] = copies;
    if (copy === undefined) throw new Error("there is no copy");
    const runner = new Runner(copies, nearest);
    runner.#learn(await runTests(copy, { files, without: [], bail: false, limitMs: DAY_MS }));
    return runner;
  }

  /** Keeps what a run without a fault tells. */
  #learn({ failed, broken, milliseconds }: SuiteRun): void {
    if (broken !== undefined) throw new Error(`the tests fail without any fault: ${broken}`);
    for (const [file, time] of milliseconds) this.#milliseconds.set(file, time);
    for (const [file, test] of failed) {
      if (this.failing.has(file)) continue;
      this.failing.set(file, test);
      print(`${file} fails without any fault, and is omitted: ${test}`);
    }
  }

  /** Runs all tasks, as many at a time as there are copies. */
  async all(faults: readonly ListedFault[], done: (fault: ListedFault, result: Result) => void): Promise<void> {
    const queue = [...faults];
    const work = async (copy: Copy): Promise<void> => {
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        done(fault, await this.#inject(fault, copy));
      }
    };
    await Promise.all(this.#copies.map(work));
  }

  async #inject(fault: ListedFault, copy: Copy): Promise<Result> {
    const nearest = fault.tests.filter((file) => !this.failing.has(file));
    const near = nearest.length === 0 ? "no listed test passes without it" : await this.#notices(fault, copy, nearest);
    if (typeof near !== "string") return { noticed: true, by: near.by, nearestOnly: true };
    if (this.#nearestOnly) return { noticed: false, by: near, nearestOnly: true };
    await this.#checkSuite(copy);
    const far = await this.#notices(fault, copy, []);
    if (typeof far !== "string") return { noticed: true, by: far.by, nearestOnly: false };
    return { noticed: false, by: far, nearestOnly: false };
  }

  /** Whether a test notices a fault: which one, or a reason why not. */
  async #notices(fault: ListedFault, copy: Copy, files: readonly string[]): Promise<{ readonly by: string } | string> {
    const expected = (files.length > 0 ? files : [...this.#milliseconds.keys()]).map(
      (file) => this.#milliseconds.get(file) ?? 0,
    );
    const limitMs = MINUTE_MS + PATIENCE * expected.reduce((sum, time) => sum + time, 0);
    const options = { files, without: [...this.failing.keys()], bail: true, limitMs };
    const run = await copy.with(fault.file, faulty(fault), () => runTests(copy, options));
    if (run.hung) return { by: `the tests hang: no end after ${PATIENCE} times as long` };
    const [first] = run.failed;
    if (first !== undefined) return { by: first.join(" > ") };
    return run.broken === undefined ? "all tests pass" : { by: run.broken };
  }

  /** Runs the whole suite once without a fault, in a copy that has none. */
  #checkSuite(copy: Copy): Promise<void> {
    this.#suite ??= (async () => {
      print("running the whole suite without a fault");
      this.#learn(await runTests(copy, { files: [], without: [], bail: false, limitMs: DAY_MS }));
    })();
    return this.#suite;
  }
}

function faulty({ file, find, replace }: ListedFault): string {
  return sourceOf(file).split(find).join(replace);
}

/** Faults that cannot be injected: the reasons. */
function refused(faults: readonly ListedFault[], compiler: Compiler): readonly string[] {
  const problems = problemsOf(faults);
  if (problems.length > 0) return problems;
  return faults.flatMap((fault) => {
    const error = compiler.errorIn(fault.file, faulty(fault));
    return error === undefined ? [] : [`${fault.id}: does not compile: ${error}`];
  });
}

async function main(settings: Settings): Promise<boolean> {
  const { only, resume, nearest } = settings;
  const faults = (await readFaults()).filter(
    ({ id, area }) => only.length === 0 || only.some((prefix) => id.startsWith(prefix) || area.startsWith(prefix)),
  );
  if (faults.length === 0) throw new UsageError(`no fault's id or area begins with ${only.join(" or ")}`);
  const compiler = new Compiler();
  const problems = refused(faults, compiler);
  for (const problem of problems) print(problem);
  if (problems.length > 0) return false;

  const store = new Results(resume);
  const outcomes = new Map<ListedFault, Result>();
  const done = (fault: ListedFault, result: Result): void => {
    outcomes.set(fault, result);
    store.set(fault, result);
    print(`${result.noticed ? "noticed " : "SURVIVED"}  ${fault.id}: ${result.by}`);
  };
  const open = faults.filter((fault) => {
    const known = store.get(fault);
    // The whole suite may notice what the nearest tests did not.
    if (known === undefined || (!known.noticed && known.nearestOnly && !nearest)) return true;
    done(fault, known);
    return false;
  });
  let sound = true;
  if (open.length > 0) {
    const runner = await Runner.start(open, settings);
    await runner.all(open, done);
    sound = runner.failing.size === 0;
  }
  return summarize(faults, outcomes) && sound;
}

function summarize(faults: readonly ListedFault[], outcomes: ReadonlyMap<ListedFault, Result>): boolean {
  const count = (some: readonly ListedFault[]): number =>
    some.filter((fault) => outcomes.get(fault)?.noticed === true).length;
  const areas = [...new Set(faults.map(({ area }) => area))].sort();
  for (const name of areas) {
    const own = faults.filter(({ area }) => area === name);
    print(`${name}: ${count(own)} of ${own.length}`);
  }
  const share = count(faults) / faults.length;
  print(`${count(faults)} of ${faults.length} noticed (${Math.floor(share * 1000) / 10} %)`);
  return share >= REQUIRED;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const settings = readSettings();
  if (settings === undefined) print(USAGE.trimEnd());
  else process.exitCode = (await main(settings)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  if (error instanceof UsageError || error instanceof TypeError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}

/** `npm run bench`: compares generated clients with C, Python and others, side by side in one run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatGoals, formatSlowdowns } from "./goals.js";
import { type BenchOptions, parseOptions, USAGE } from "./options.js";
import { type Figures, formatFigures } from "./report/figures.js";
import { readRun, updateRun, writeRun } from "./report/json.js";
import { writeDocs } from "./report/page.js";
import { describeSetting, settingOf, slugOf } from "./report/setting.js";
import { formatTable } from "./report/table.js";
import { compare, type Result } from "./rounds.js";
import { asynchronous } from "./suites/async.js";
import { batchSizes } from "./suites/batch-sizes.js";
import { cluster } from "./suites/cluster.js";
import { concurrency } from "./suites/concurrency.js";
import { customModel } from "./suites/custom-model.js";
import { decode } from "./suites/decode.js";
import { dtypes } from "./suites/dtypes.js";
import { editor } from "./suites/editor.js";
import { eventLoop } from "./suites/event-loop.js";
import { fitting } from "./suites/fit.js";
import { generate } from "./suites/generate.js";
import { inspect } from "./suites/inspect.js";
import { networks } from "./suites/networks.js";
import { remote } from "./suites/remote.js";
import { start } from "./suites/start.js";
import { prepareWorkplace } from "./workplace.js";

const SUITES = [
  customModel,
  batchSizes,
  dtypes,
  asynchronous,
  concurrency,
  fitting,
  eventLoop,
  networks,
  remote,
  cluster,
  start,
  inspect,
  decode,
  generate,
  editor,
];

async function main(options: BenchOptions): Promise<void> {
  const workplace = prepareWorkplace(options.python);
  const { version } = JSON.parse(readFileSync(join(workplace.root, "package.json"), "utf8")) as { version: string };
  const setting = settingOf(version, workplace.library.version);
  process.stdout.write(`${describeSetting(setting)}\n\n`);
  const results: (Figures | Result)[] = [];
  for (const suite of SUITES) {
    for await (const made of suite(workplace, options)) {
      const result = "entries" in made ? await compare(made) : made;
      results.push(result);
      process.stdout.write(`${"scores" in result ? formatTable(result) : formatFigures(result)}\n`);
    }
  }
  if (results.length === 0) throw new TypeError(`there is no comparison ${options.only.join(", ")}`);
  const saved = join(workplace.root, `docs/benchmarks/${slugOf(setting)}.json`);
  if (options.goals || options.only.length === 0) {
    process.stdout.write(`${formatGoals(results)}\n`);
    if (existsSync(saved)) process.stdout.write(`${formatSlowdowns(results, readRun(saved).results)}\n`);
  }
  const run = { setting, results };
  if (options.json !== undefined) writeRun(options.json, run);
  if (options.save) updateRun(saved, run, options.only.length > 0);
  // Others may be missing, but not the measured ones.
  const ours = results.flatMap((result) =>
    "scores" in result ? result.scores.filter(({ name }) => name.startsWith("savedmodel")) : [],
  );
  const isMissing = ours.some((score) => "absent" in score && score.isExcused !== true);
  if (isMissing && !options.goals) process.exitCode = 1;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") process.stdout.write(USAGE);
  else if (options === "docs") writeDocs();
  else await main(options);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  if (error instanceof TypeError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}

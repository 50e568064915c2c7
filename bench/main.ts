/** `npm run bench`: compares generated clients with C and with Python, side by side in one run. */
import { type BenchOptions, parseOptions, USAGE } from "./options.js";
import { type Figures, formatFigures } from "./report/figures.js";
import { settingOf, writeJson } from "./report/json.js";
import { formatTable } from "./report/table.js";
import { compare, type Result } from "./rounds.js";
import { asynchronous } from "./suites/async.js";
import { customModel } from "./suites/custom-model.js";
import { decode } from "./suites/decode.js";
import { dtypes } from "./suites/dtypes.js";
import { editor } from "./suites/editor.js";
import { eventLoop } from "./suites/event-loop.js";
import { fitting } from "./suites/fit.js";
import { generate } from "./suites/generate.js";
import { inspect } from "./suites/inspect.js";
import { networks } from "./suites/networks.js";
import { prepareWorkplace } from "./workplace.js";

async function main(options: BenchOptions): Promise<void> {
  const workplace = prepareWorkplace(options.python);
  const setting = settingOf(workplace.library.version);
  const { tensorflow, node, platform, processors } = setting;
  process.stdout.write(`TensorFlow ${tensorflow}, Node.js ${node}, ${platform}, ${processors} processors\n\n`);
  const results: (Figures | Result)[] = [];
  for (const suite of [
    customModel,
    dtypes,
    asynchronous,
    fitting,
    eventLoop,
    networks,
    inspect,
    decode,
    generate,
    editor,
  ]) {
    for await (const made of suite(workplace, options)) {
      const result = "entries" in made ? await compare(made) : made;
      results.push(result);
      process.stdout.write(`${"scores" in result ? formatTable(result) : formatFigures(result)}\n`);
    }
  }
  if (results.length === 0) throw new TypeError(`there is no comparison ${options.only.join(", ")}`);
  if (options.json !== undefined) writeJson(options.json, setting, results);
  // Others may be missing, but not the measured ones.
  const ours = results.flatMap((result) =>
    "scores" in result ? result.scores.filter(({ name }) => name.startsWith("savedmodel")) : [],
  );
  if (ours.some((score) => "absent" in score && score.isExcused !== true)) process.exitCode = 1;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") process.stdout.write(USAGE);
  else await main(options);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  if (error instanceof TypeError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}

import { C_NAMES, CLUSTER_IN_C } from "./contestants/c.js";
import { BARE } from "./contestants/recorder.js";
import type { Figures } from "./report/figures.js";
import { formatDigits, layOut } from "./report/layout.js";
import { type Result, ratioOf } from "./rounds.js";

/** A figure that should not be above a limit, on any processor. */
interface Goal {
  readonly title: string;
  /** Name of the comparison that it is taken from. */
  readonly from: string;
  readonly limit: number;
  /** Unit of the figure; a ratio by default. */
  readonly unit?: string;
  /** Returns the figure, if it was measured. */
  readonly measure: (result: Figures | Result) => number | undefined;
}

const OURS = "savedmodel";
const INTO = "savedmodel, into";
const WITHOUT_ONEDNN = "savedmodel, without oneDNN";
const AGAIN = "C, the tensor written again";

/** A goal for the time of one contestant divided by that of another. */
function ratio(from: string, name: string, to: string, limit: number): Goal {
  return { title: `${from}: ${name} / ${to}`, from, limit, measure: (result) => measuredRatio(result, name, to) };
}

function measuredRatio(result: Figures | Result, name: string, to: string): number | undefined {
  if (!("scores" in result)) return undefined;
  const roundsOf = (name: string): readonly number[] => {
    const score = result.scores.find((score) => score.name === name);
    if (score === undefined || "absent" in score) return [];
    // Of older figures only the medians are known.
    return score.rounds.length > 0 ? score.rounds : [score.median];
  };
  const [rounds, base] = [roundsOf(name), roundsOf(to)];
  return rounds.length === 0 || base.length === 0 ? undefined : ratioOf(rounds, base).median;
}

/** Returns the median of a contestant in nanoseconds; undefined if it was not measured. */
function medianOf(result: Figures | Result, name: string): number | undefined {
  const score = "scores" in result ? result.scores.find((score) => score.name === name) : undefined;
  return score === undefined || "absent" in score ? undefined : score.median;
}

/** Returns a figure of a table; undefined if it was not measured. */
function cell(result: Figures | Result, row: string, column: string): number | undefined {
  if ("scores" in result) return undefined;
  const found = result.rows.find(({ name }) => name === row);
  const value = found !== undefined && "values" in found ? found.values[result.columns.indexOf(column)] : undefined;
  return Number.isNaN(value) ? undefined : value;
}

/** Combines two figures, if both were measured. */
function combined(
  a: number | undefined,
  b: number | undefined,
  combine: (a: number, b: number) => number,
): number | undefined {
  return a === undefined || b === undefined ? undefined : combine(a, b);
}

const networks = ["cnn/1", "cnn/32", "mobilenet/1", "mobilenet/32"];

const goals: readonly Goal[] = [
  ratio("train", OURS, C_NAMES.caller, 1),
  ratio("train", OURS, C_NAMES.single, 1.15),
  ratio("pred", OURS, C_NAMES.caller, 1.1),
  ratio("pred", OURS, C_NAMES.single, 1.35),
  ratio("pred", OURS, "onnxruntime-node, await run()", 1),
  ratio("pred", OURS, "onnxruntime-node, raw binding", 1),
  ratio("pred", WITHOUT_ONEDNN, "onnxruntime-node, raw binding", 1),
  ratio("identity/1KB", INTO, AGAIN, 1.5),
  ratio("identity/64KB", INTO, AGAIN, 1.4),
  ratio("identity/64MB", INTO, AGAIN, 1.1),
  ratio("identity/64MB", OURS, "C, new memory for each result", 1),
  ...[8, 100, 10_000].map((bytes) => ratio(`strings/${bytes}`, "savedmodel, to bytes", "Python, to bytes", 0.7)),
  ratio("async", "savedmodel, async, one by one", "savedmodel, sync", 2.5),
  ratio("async", "savedmodel, async, all at once", "savedmodel, sync", 1.8),
  ...["8 calls of 200 ms, async", "8 calls of the network with 32 images, async"].map(
    (row): Goal => ({
      title: `p99 of the event loop's delay beside ${row}`,
      from: "event-loop/delay",
      limit: 20,
      unit: "ms",
      measure: (result) => cell(result, row, "p99"),
    }),
  ),
  ...networks.map((name) => ratio(name, OURS, C_NAMES.single, 1.02)),
  ...["kserve", "serving"].flatMap((protocol): readonly Goal[] => [
    ratio(`remote/${protocol}/1`, OURS, BARE, 1.2),
    {
      title: `remote/${protocol}/64: time of a request among 64`,
      from: `remote/${protocol}/64`,
      limit: 667,
      unit: "µs",
      measure: (result) => combined(medianOf(result, OURS), 64_000, (nanoseconds, scale) => nanoseconds / scale),
    },
  ]),
  ...["pred", "train"].map((key) => ratio(`cluster/${key}`, OURS, CLUSTER_IN_C, 1.5)),
  ratio("remote/kserve/1", OURS, "Python, tritonclient", 1),
  ratio("remote/serving/1", OURS, "Python, tensorflow-serving-api", 1),
  {
    title: "CPU of importing savedmodel, over Node.js alone",
    from: "start",
    limit: 60,
    unit: "ms",
    measure: (result) =>
      combined(cell(result, "savedmodel, imported", "CPU"), cell(result, "Node.js alone", "CPU"), (a, b) => a - b),
  },
  {
    title: `load of custom_model: ${OURS} / ${C_NAMES.single}`,
    from: "start",
    limit: 1.15,
    measure: (result) => combined(cell(result, OURS, "load"), cell(result, C_NAMES.single, "load"), (a, b) => a / b),
  },
];

/** Names of the comparisons that the goals need. */
export const GOAL_COMPARISONS: readonly string[] = [
  ...new Set(goals.map(({ from }) => (from === "event-loop/delay" ? "event-loop" : from))),
];

/** A goal with the figure of a run. */
interface Outcome {
  readonly title: string;
  readonly limit: string;
  readonly measured: string;
  readonly verdict: string;
}

/** Compares a run with the goals. */
export function outcomesOf(results: readonly (Figures | Result)[]): readonly Outcome[] {
  return goals.map(({ title, from, limit, unit, measure }) => {
    const result = results.find(({ name }) => name === from);
    const value = result === undefined ? undefined : measure(result);
    const format = (value: number): string =>
      unit === undefined ? `${formatDigits(value)}×` : `${formatDigits(value)} ${unit}`;
    return {
      title,
      limit: `≤ ${format(limit)}`,
      measured: value === undefined ? "–" : format(value),
      verdict: value === undefined ? "not measured" : value <= limit ? "met" : "not met",
    };
  });
}

/** Formats the goals as a table. */
export function formatGoals(results: readonly (Figures | Result)[]): string {
  return layOut(
    "goals (medians of this run)",
    ["goal", "measured", ""],
    outcomesOf(results).map(({ title, limit, measured, verdict }) => ({
      name: title,
      cells: [limit, measured, verdict],
    })),
  );
}

/** Increase of a ratio above which a contestant is slower than before. */
const TOLERANCE = 1.03;

/** Lists the clients' ratios to the first baseline that have grown since another run on the same processor. */
export function formatSlowdowns(results: readonly (Figures | Result)[], before: readonly (Figures | Result)[]): string {
  const scoresOf = (results: readonly (Figures | Result)[]) =>
    results.flatMap((result) =>
      "scores" in result
        ? result.scores.flatMap((score) => {
            const ratio = "absent" in score ? undefined : score.ratios[0]?.median;
            const isOurs = score.name.startsWith(OURS) && score.name !== result.baselines[0];
            return ratio !== undefined && isOurs ? [{ name: `${result.name}: ${score.name}`, ratio }] : [];
          })
        : [],
    );
  const old = new Map(scoresOf(before).map(({ name, ratio }) => [name, ratio]));
  const lines = scoresOf(results).flatMap(({ name, ratio }) => {
    const was = old.get(name);
    if (was === undefined || ratio <= was * TOLERANCE) return [];
    return [{ name, cells: [`${formatDigits(was)}×`, `${formatDigits(ratio)}×`] }];
  });
  if (lines.length === 0) return "nothing is more than 3 % slower than in the saved figures\n";
  return layOut("more than 3 % slower than in the saved figures", ["was", "is"], lines);
}

import { join } from "node:path";
import { expect, it } from "vitest";
import { formatSlowdowns, outcomesOf } from "../../bench/goals.js";
import { drawChart } from "../../bench/report/chart.js";
import { formatFigures } from "../../bench/report/figures.js";
import { type Run, readRun, readRuns, updateRun, writeRun } from "../../bench/report/json.js";
import { drawDocs, renderRuns } from "../../bench/report/page.js";
import { describeSetting, readFlags, type Setting, slugOf } from "../../bench/report/setting.js";
import { formatTable } from "../../bench/report/table.js";
import type { Result, Score } from "../../bench/rounds.js";
import { readFromRoot as read } from "../support/documents.js";
import { tempFolder } from "../support/temp.js";

const C = "C, caller scheduling";
const SINGLE = "C, single-threaded executor";

const setting: Setting = {
  processor: "Intel(R) Xeon(R) CPU @ 2.00GHz",
  processors: 2,
  vectors: "AVX-512",
  oneDnn: true,
  platform: "linux-x64",
  savedmodel: "1.2.3",
  tensorflow: "2.21.0",
  node: "20.20.2",
  date: "2026-01-31",
};

function score(name: string, rounds: readonly number[], ratios: Score["ratios"]): Score {
  return { name, calls: 10, median: rounds[0] ?? 0, lowest: 1, highest: 2e6, p99: 3e9, rounds, ratios };
}

/** A comparison with two baselines, an interval and an absentee. */
const pred: Result = {
  name: "pred",
  title: "pred()",
  baselines: [C, SINGLE],
  unit: "nanoseconds",
  rounds: 1,
  scores: [
    score(C, [1000], [{ median: 1, interval: { low: 1, high: 1 } }, null]),
    score("savedmodel", [1500], [{ median: 1.5, interval: { low: 1.4, high: 15 } }, null]),
    { name: "Rust, crate tensorflow", absent: "no cargo" },
  ],
};
const start = {
  name: "start",
  title: "starting",
  unit: "milliseconds",
  columns: ["load", "CPU"],
  rows: [
    { name: "savedmodel", values: [120, 200] },
    { name: "savedmodel, imported", values: [Number.NaN, 100] },
    { name: "Node.js alone", values: [Number.NaN, 45] },
    { name: SINGLE, values: [100, Number.NaN] },
    { name: "Python", absent: "no Python" },
  ],
};
const run: Run = { setting, results: [pred, start] };
const other: Run = {
  setting: { ...setting, processor: "AMD EPYC", vectors: null, oneDnn: null, date: "2026-02-01" },
  results: [{ ...pred, scores: [score("savedmodel", [900], [{ median: 0.9, interval: null }, null])] }],
};

it("a table has a column for each baseline, intervals, and the reasons of absentees", () => {
  expect(formatTable(pred)).toBe(
    [
      "pred() (ratio 1 to: C, caller scheduling; ratio 2 to: C, single-threaded executor)",
      "                           median   rounds from … to     p99              ratio 1  ratio 2",
      "  C, caller scheduling    1.00 µs  1.00 ns … 2.00 ms  3.00 s                1.00×        –",
      "  savedmodel              1.50 µs  1.00 ns … 2.00 ms  3.00 s  1.50× (1.40 – 15.0)        –",
      "  Rust, crate tensorflow  not there: no cargo",
      "",
    ].join("\n"),
  );
  expect(formatTable({ ...pred, baselines: [C] })).toMatch(/^pred\(\) \(ratios to: C, caller scheduling\)\n.* ratio\b/);
});

it("a figure that was not measured is a dash", () => {
  expect(formatFigures(start)).toBe(
    [
      "starting (milliseconds)",
      "                               load   CPU",
      "  savedmodel                    120   200",
      "  savedmodel, imported            –   100",
      "  Node.js alone                   –  45.0",
      "  C, single-threaded executor   100     –",
      "  Python                       not there: no Python",
      "",
    ].join("\n"),
  );
});

it("the processor and its kernels are named", () => {
  expect(describeSetting(setting)).toBe(
    "Intel(R) Xeon(R) CPU @ 2.00GHz, AVX-512, oneDNN, 2 processors; savedmodel 1.2.3, TensorFlow 2.21.0, Node.js 20.20.2, linux-x64",
  );
  expect(describeSetting(other.setting)).toMatch(/^AMD EPYC, 2 processors;/);
  expect(slugOf(setting)).toBe("intel-xeon-cpu-2-00ghz-avx-512-2");
  expect(slugOf(other.setting)).toBe("amd-epyc-2");
});

// util.cc of TensorFlow turns oneDNN on where the processor has instructions for neural networks.
it.each([
  ["flags\t\t: fpu avx avx2 fma", undefined, { vectors: "AVX2", oneDnn: false }],
  ["flags\t\t: fpu avx avx2 avx512f avx512dq", undefined, { vectors: "AVX-512", oneDnn: false }],
  ["model: x\nflags : avx avx2 avx512f avx512_vnni\n", undefined, { vectors: "AVX-512", oneDnn: true }],
  ["flags : avx avx2 avx_vnni", "0", { vectors: "AVX2", oneDnn: false }],
  ["flags : avx", "1", { vectors: "AVX", oneDnn: true }],
  ["Features : fp asimd", undefined, { vectors: null, oneDnn: null }],
  ["", "1", { vectors: null, oneDnn: true }],
])("flags of a processor: %j with TF_ENABLE_ONEDNN_OPTS=%s", (text, wanted, expected) => {
  expect(readFlags(text, wanted)).toEqual(expected);
});

it("goals are met up to their limit, and those without a figure are not measured", () => {
  const verdicts = new Map(outcomesOf(run.results).map(({ title, ...rest }) => [title, rest]));
  expect(verdicts.get(`pred: savedmodel / ${C}`)).toEqual({ limit: "≤ 1.10×", measured: "1.50×", verdict: "not met" });
  expect(verdicts.get(`pred: savedmodel / ${SINGLE}`)).toMatchObject({ measured: "–", verdict: "not measured" });
  expect(verdicts.get("CPU of importing savedmodel, over Node.js alone")).toEqual({
    limit: "≤ 60.0 ms",
    measured: "55.0 ms",
    verdict: "met",
  });
  expect(verdicts.get(`load of custom_model: savedmodel / ${SINGLE}`)).toMatchObject({
    measured: "1.20×",
    verdict: "not met",
  });
  expect(verdicts.get(`train: savedmodel / ${C}`)).toMatchObject({ measured: "–" });
});

it("ratios that have grown by more than 3 % are listed", () => {
  const withRatio = (median: number): Result => {
    return { ...pred, scores: [score(C, [1000], []), score("savedmodel", [1], [{ median, interval: null }])] };
  };
  expect(formatSlowdowns([withRatio(1.04)], [start, withRatio(1)])).toBe(
    [
      "more than 3 % slower than in the saved figures",
      "                      was     is",
      "  pred: savedmodel  1.00×  1.04×",
      "",
    ].join("\n"),
  );
  const nothing = "nothing is more than 3 % slower than in the saved figures\n";
  expect(formatSlowdowns([withRatio(1.03)], [withRatio(1)])).toBe(nothing);
  // Not what others take, nor what is new.
  expect(formatSlowdowns([withRatio(9)], [start])).toBe(nothing);
});

it("runs on several processors are side by side, the newest first", () => {
  const folder = tempFolder();
  writeRun(join(folder, "a.json"), run);
  writeRun(join(folder, "b.json"), other);
  const page = renderRuns(readRuns(folder));
  const [amd, intel] = ["AMD EPYC", "Intel(R) Xeon(R) CPU @ 2.00GHz, AVX-512"];
  // Without what aligns the columns.
  const lines = page.split("\n").map((line) => line.replaceAll(/ {2,}/g, " "));
  expect(lines).toContain(`| | ${amd} | ratio 1 | ratio 2 | ${intel} | ratio 1 | ratio 2 |`);
  expect(lines).toContain("| savedmodel | 900 ns | 0.90× | – | 1.50 µs | 1.50× (1.40 – 15.0) | – |");
  expect(lines).toContain("| C, caller scheduling | – | – | – | 1.00 µs | 1.00× | – |");
  expect(lines).toContain(`| savedmodel, imported | ${intel} | – | 100 |`);
  expect(lines).toContain(`| pred: savedmodel / ${C} | ≤ 1.10× | – | 1.50× not met |`);
  expect(lines).toContain("| oneDNN | not recorded | yes |");
});

it("a part of a run replaces its comparisons in the file, and a whole run replaces all", () => {
  const folder = tempFolder();
  const file = join(folder, "docs/x.json");
  const results = [{ ...pred, rounds: 5 }];
  updateRun(file, run, true);
  updateRun(file, { setting: other.setting, results: [...results, { ...start, name: "new" }] }, true);
  expect(readRun(file)).toEqual({ setting: other.setting, results: [...results, start, { ...start, name: "new" }] });
  updateRun(file, { setting, results }, false);
  expect(readRun(file)).toEqual({ setting, results });
});

it("the chart has a dot for each contestant and processor, and says the same in words", () => {
  const chart = drawChart([run, other]);
  // The legend has one of each.
  expect(chart.match(/<circle class="training-mark"/g)).toHaveLength(2);
  expect(chart.match(/<circle class="validation-mark"/g)).toHaveLength(2);
  expect(chart).toContain("savedmodel 1.50×, 0.90×.");
  expect(chart).not.toContain("caller scheduling");
  // 1.5 is right of 1, and 0.9 left of it.
  const places = Array.from(chart.matchAll(/<circle class="[a-z-]+" cx="([\d.]+)"/g), ([, x]) => Number(x)).slice(-2);
  const one = Number(/<line class="axis" x1="([\d.]+)"/.exec(chart)?.[1]);
  expect(places[0]).toBeGreaterThan(one);
  expect(places[1]).toBeLessThan(one);
});

it("docs/benchmarks.md and its chart are up to date: `npm run bench -- --docs` writes them", () => {
  const { page, chart } = drawDocs();
  expect(read("docs/benchmarks.md")).toBe(page);
  expect(read("docs/benchmarks/ratios.svg")).toBe(chart);
});

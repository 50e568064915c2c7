import type { Fault } from "./fault.js";

const REPORT = ["test/bench/report.test.ts"];
const ROUNDS = ["test/bench/rounds.test.ts"];
const STATISTICS = ["test/bench/statistics.test.ts"];
const ONNX = ["test/bench/onnx-models.test.ts"];

/** Faults of the benchmarks' statistics, reports and models. */
export const faults: readonly Fault[] = [
  {
    id: "bench-one-sided-interval",
    file: "bench/statistics.ts",
    find: "while (2 * tail <= ERROR) {",
    replace: "while (tail <= ERROR) {",
    effect: "Intervals are those of 90 %, and differences are reported that are not there.",
    tests: STATISTICS,
  },
  {
    id: "bench-interval-rank",
    file: "bench/statistics.ts",
    find: "[sorted[rank - 1], sorted[count - rank]]",
    replace: "[sorted[rank], sorted[count - rank - 1]]",
    effect: "Intervals are too narrow.",
    tests: STATISTICS,
  },
  {
    id: "bench-order-of-turns",
    file: "bench/rounds.ts",
    find: "round % 2 === 0 ? order : order.reverse()",
    replace: "order",
    effect: "A contestant always pays for the one before it.",
    tests: ROUNDS,
  },
  {
    id: "bench-first-baseline-only",
    file: "bench/rounds.ts",
    find: "ratios: bases.map(",
    replace: "ratios: bases.slice(0, 1).map(",
    effect: "Ratios to C with the same executor are missing.",
    tests: ROUNDS,
  },
  {
    id: "bench-goal-limit",
    file: "bench/goals.ts",
    find: "value <= limit ?",
    replace: "value >= limit ?",
    effect: "Goals that are missed are shown as met.",
    tests: REPORT,
  },
  {
    id: "bench-goal-import",
    file: "bench/goals.ts",
    find: "(a, b) => a - b",
    replace: "(a) => a",
    effect: "The import is charged with the start of Node.js.",
    tests: REPORT,
  },
  {
    id: "bench-slowdown-of-other-way",
    file: "bench/goals.ts",
    find: "ratio <= was * TOLERANCE",
    replace: "was <= ratio * TOLERANCE",
    effect: "What has become faster is listed as slower.",
    tests: REPORT,
  },
  {
    id: "bench-one-dnn-by-vectors",
    file: "bench/report/setting.ts",
    find: "set ?? ONE_DNN.some(",
    replace: "ONE_DNN.some(",
    effect: "A run with oneDNN switched off is reported as one with it.",
    tests: REPORT,
  },
  {
    id: "bench-partial-save",
    file: "bench/report/json.ts",
    find: "isPart && existsSync(file)",
    replace: "existsSync(file)",
    effect: "Comparisons that no longer exist stay in a processor's file.",
    tests: REPORT,
  },
  {
    id: "bench-column-of-absentee",
    file: "bench/report/page.ts",
    find: '["–", ...baselines.map(() => "–")]',
    replace: '["–"]',
    effect: "The figures of the second processor move to the columns of the first.",
    tests: REPORT,
  },
  {
    id: "bench-onnx-stride",
    file: "bench/onnx-models.ts",
    find: "const stride = index === 0 ? firstStride : 1;",
    replace: "const stride = firstStride;",
    effect: "MobileNetV2 is another, faster network in onnxruntime.",
    tests: ONNX,
  },
  {
    id: "bench-onnx-groups",
    file: "bench/onnx-models.ts",
    find: "const fanIn = isDepthwise ? 1 : inputs;",
    replace: "const fanIn = inputs;",
    effect: "MobileNetV2 has many times its weights in onnxruntime.",
    tests: ONNX,
  },
];

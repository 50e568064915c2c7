import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";

/** A kind of work that a long-running program repeats, and that must not need more memory the longer it goes on. */
export interface Phase {
  readonly name: string;
  /** What is counted, in words. */
  readonly unit: string;
  readonly count: number;
  /** How much is done before memory is measured for the first time, in short runs too. */
  readonly warmUp: number;
  /** Makes ready, and answers what does the work that many times. */
  readonly start: () => (count: number) => void | Promise<void>;
}

/** Each is run in a process of its own, so that none grows into memory that another has left. */
export const phases: readonly Phase[] = [
  { name: "calls", unit: "sync calls", count: 1_000_000, warmUp: 50_000, start: startCalls },
  { name: "loads", unit: "loads and disposals", count: 200, warmUp: 20, start: () => load },
];

const MEGABYTE = 1024 * 1024;

/** Mostly small calls; strings that fit into a TF_TString and some that do not; large results now and then. */
function startCalls(): (count: number) => void {
  const custom = CustomModel.load();
  const dtypes = Dtypes.load();
  const large = new Float32Array(MEGABYTE / Float32Array.BYTES_PER_ELEMENT).fill(1);
  const strings = ["", "short", "of more than a hundred bytes".repeat(5)];
  const calls: readonly (() => unknown)[] = [
    () => custom.train([[1, 1]], [[1]]),
    () => custom.pred([[1, 1]]),
    () => dtypes.string(strings).data,
  ];
  return (count) => {
    for (let index = 0; index < count; index++) {
      if (index % 100 === 0) dtypes.float32(large);
      else calls[index % calls.length]?.();
    }
  };
}

function load(count: number): void {
  for (let index = 0; index < count; index++) {
    using model = CustomModel.load();
    model.train([[1, 1]], [[1]]);
  }
}

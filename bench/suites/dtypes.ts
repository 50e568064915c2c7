import type { BenchOptions } from "../options.js";
import { isWanted } from "../options.js";
import { type PlannedCalls, startCalls } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;

/** Measures passing data in and out: identities of test/models/dtypes, where TensorFlow itself does nothing. */
export const dtypes: Suite = (workplace, options) =>
  startCalls(
    workplace,
    { directory: "test/models/dtypes", client: "dtypes" },
    [...sizes(options).map((bytes) => identity(bytes, options)), strings(options)].filter(({ name }) =>
      isWanted(name, options.only),
    ),
  );

function sizes({ quick }: BenchOptions): readonly number[] {
  return quick
    ? [KILOBYTE, MEGABYTE, 64 * MEGABYTE]
    : [KILOBYTE, 64 * KILOBYTE, MEGABYTE, 16 * MEGABYTE, 64 * MEGABYTE];
}

function identity(bytes: number, options: BenchOptions): PlannedCalls {
  const size = bytes < MEGABYTE ? `${bytes / KILOBYTE}KB` : `${bytes / MEGABYTE}MB`;
  const name = `identity/${size}`;
  const kase = { name, signature: "float32", size: bytes / Float32Array.BYTES_PER_ELEMENT };
  const fresh = "C, a new tensor for each call";
  return {
    name,
    title: `identity of float32, ${size.replace(/(?=[KM])/, " ")}`,
    baseline: fresh,
    pace: paceOf(options),
    entrants: [
      { caller: "c", name: "memcpy", kase: { ...kase, name: `${name}/memcpy`, memcpyBytes: bytes } },
      { caller: "c", name: "C, the tensor written again", kase },
      { caller: "c", name: fresh, kase: { ...kase, name: `${name}/fresh`, freshTensor: true } },
      { caller: "client", name: "savedmodel", kase },
      { caller: "python", name: "Python, loaded.signatures", kase },
    ],
  };
}

function strings(options: BenchOptions): PlannedCalls {
  const name = "strings";
  const kase = { name, signature: "string", size: 1000, stringBytes: 100 };
  const baseline = "C, the tensor written again";
  return {
    name,
    title: "identity of 1,000 strings of 100 bytes",
    baseline,
    pace: paceOf(options),
    entrants: [
      { caller: "c", name: baseline, kase },
      { caller: "client", name: "savedmodel, to bytes", kase },
      { caller: "client", name: "savedmodel, to strings", kase: { ...kase, name: `${name}/data`, readsData: true } },
      { caller: "python", name: "Python, to bytes", kase },
    ],
  };
}

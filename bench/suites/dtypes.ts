import { C_NAMES } from "../contestants/c.js";
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
    [
      ...sizes(options).map((bytes) => identity(bytes, options)),
      ...[8, 100, 10_000].map((bytes) => strings(bytes, options)),
    ].filter(({ name }) => isWanted(name, options.only)),
  );

function sizes({ quick }: BenchOptions): readonly number[] {
  return quick
    ? [KILOBYTE, 64 * KILOBYTE, 64 * MEGABYTE]
    : [KILOBYTE, 64 * KILOBYTE, MEGABYTE, 16 * MEGABYTE, 64 * MEGABYTE];
}

function identity(bytes: number, options: BenchOptions): PlannedCalls {
  const size = bytes < MEGABYTE ? `${bytes / KILOBYTE}KB` : `${bytes / MEGABYTE}MB`;
  const name = `identity/${size}`;
  const kase = { name, signature: "float32", isIdentity: true, size: bytes / Float32Array.BYTES_PER_ELEMENT };
  const again = "C, the tensor written again";
  return {
    name,
    title: `identity of float32, ${size.replace(/(?=[KM])/, " ")}`,
    baselines: [again, C_NAMES.single],
    pace: paceOf(options),
    entrants: [
      { caller: "caller", name: "memcpy", kase: { ...kase, name: `${name}/memcpy`, memcpyBytes: bytes } },
      { caller: "caller", name: again, kase },
      { caller: "single", name: C_NAMES.single, kase },
      {
        caller: "caller",
        name: "C, a new tensor for each call",
        kase: { ...kase, name: `${name}/fresh`, freshTensor: true },
      },
      {
        caller: "caller",
        name: "C, new memory for each result",
        kase: { ...kase, name: `${name}/malloc`, allocatesResult: true },
      },
      { caller: "client", name: "savedmodel", kase },
      { caller: "client", name: "savedmodel, into", kase: { ...kase, name: `${name}/into`, into: true } },
      { caller: "python", name: "Python, loaded.signatures", kase },
    ],
  };
}

function strings(stringBytes: number, options: BenchOptions): PlannedCalls {
  const name = `strings/${stringBytes}`;
  const kase = { name, signature: "string", isIdentity: true, size: 1000, stringBytes };
  const again = "C, the tensor written again";
  const python = "Python, to bytes";
  return {
    name,
    title: `identity of 1,000 strings of ${stringBytes.toLocaleString("en")} bytes`,
    baselines: [again, python],
    pace: paceOf(options),
    entrants: [
      { caller: "caller", name: again, kase },
      { caller: "client", name: "savedmodel, to bytes", kase },
      { caller: "client", name: "savedmodel, to strings", kase: { ...kase, name: `${name}/data`, readsData: true } },
      { caller: "python", name: python, kase },
    ],
  };
}

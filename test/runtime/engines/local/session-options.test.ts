import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeConfig, encodeRunOptions } from "../../../../runtime/engines/local/config-proto.js";
import type { SessionOptions } from "../../../../runtime/engines/local/session-options.js";
import { type LoadOptions, Model, Tensor } from "../../../../runtime/index.js";
import { decode } from "../../../../runtime/saved-model/proto/decode.js";
import { expectError } from "../../../support/errors.js";
import { start } from "../../../support/library.js";
import { needs } from "../../../support/needs.js";
import { modelFolder } from "../../../support/temp.js";

const folder = modelFolder("custom_model");

describe("encoding of options", () => {
  interface Golden {
    readonly options: SessionOptions;
    readonly config: string;
    readonly runOptions: string;
  }
  const goldens = JSON.parse(readFileSync(new URL("config.golden.json", import.meta.url), "utf8")) as readonly Golden[];

  it.each(goldens.map((golden) => [JSON.stringify(golden.options), golden] as const))(
    "encodes %s like Python (GPUs cannot be tried everywhere)",
    (_, golden) => {
      expect(hex(encodeConfig(golden.options))).toBe(golden.config);
      expect(hex(encodeRunOptions(golden.options))).toBe(golden.runOptions);
    },
  );

  it("the caller's bytes take precedence over the options", () => {
    const config = encodeConfig({ intraOpThreads: 2, interOpThreads: 5, config: bytes("1003") });
    expect(decode("ConfigProto", config)).toMatchObject({
      intraOpParallelismThreads: 3,
      interOpParallelismThreads: 5,
    });
    expect(decode("RunOptions", encodeRunOptions({ runOptions: bytes("1800") })).interOpThreadPool).toBe(0);
    expect(decode("RunOptions", encodeRunOptions({ runOptions: bytes("3801") })).interOpThreadPool).toBe(-1);
  });
});

describe("invalid options", () => {
  const refused: readonly (readonly [options: object, message: string])[] = [
    [{ intraOpThread: 1 }, 'has no option "intraOpThread". Did you mean "intraOpThreads"?'],
    [{ intraOpThreads: 0 }, "intraOpThreads must be an integer from 1 to 1024"],
    [{ intraOpThreads: 1.5 }, "intraOpThreads must be an integer from 1 to 1024"],
    [{ intraOpThreads: "2" }, "intraOpThreads must be an integer from 1 to 1024"],
    [{ interOpThreads: 100_000 }, "interOpThreads must be an integer from 1 to 1024"],
    [{ scheduling: "thread" }, 'scheduling must be "single-threaded", "caller" or "pool"'],
    [
      { scheduling: "single-threaded", interOpThreads: 2 },
      'interOpThreads applies to scheduling "pool", and scheduling is "single-threaded"',
    ],
    [
      { scheduling: "caller", interOpThreads: 2 },
      'interOpThreads applies to scheduling "pool", and scheduling is "caller"',
    ],
    [{ gpu: "0" }, "gpu must be true, false, or an object such as { allowGrowth: true }"],
    [{ gpu: null }, "gpu must be true, false, or an object such as { allowGrowth: true }"],
    [{ gpu: { growth: true } }, 'gpu has no option "growth". Options: allowGrowth, memoryFraction, visibleDevices.'],
    [{ gpu: { memoryFraction: 0 } }, "gpu.memoryFraction must be a number above 0, up to 1"],
    [{ gpu: { memoryFraction: 1.1 } }, "gpu.memoryFraction must be a number above 0, up to 1"],
    [{ gpu: { allowGrowth: 1 } }, "gpu.allowGrowth must be true or false"],
    [{ gpu: { visibleDevices: [] } }, "gpu.visibleDevices must be distinct GPU numbers"],
    [{ gpu: { visibleDevices: "" } }, "gpu.visibleDevices must be distinct GPU numbers"],
    [{ gpu: { visibleDevices: [0, 0] } }, "gpu.visibleDevices must be distinct GPU numbers"],
    [{ gpu: { visibleDevices: "0;1" } }, "gpu.visibleDevices must be distinct GPU numbers"],
    [{ xla: "on" }, "xla must be true or false"],
    [{ fuse: 1 }, "fuse must be true or false"],
    [{ opLibraries: "ops.so" }, "opLibraries must be an array of paths"],
    [{ opLibraries: [""] }, "opLibraries must be an array of paths"],
    [{ config: "3801" }, "config must be a Uint8Array, a serialized ConfigProto"],
    [{ config: bytes("ff") }, "config is not a serialized ConfigProto: "],
    [{ runOptions: bytes("18") }, "runOptions is not a serialized RunOptions: "],
    // Broken inside, where only TensorFlow knows the message.
    [{ config: bytes("3203ffffff") }, "config is not a serialized ConfigProto: Unparseable ConfigProto"],
    [{ runOptions: bytes("3203ffffff") }, "runOptions is not a serialized RunOptions: Unparseable RunOptions"],
    // TensorFlow would end the process.
    [{ config: bytes("10ffffffff07") }, "intra_op_parallelism_threads of config must be from 0 to 1024"],
    [{ config: bytes("10ffffffffffffffffff01") }, "intra_op_parallelism_threads of config must be from 0 to 1024"],
    [{ config: bytes("28ffffffff07") }, "inter_op_parallelism_threads of config must be at most 1024"],
  ];

  it.each(refused)("rejects the option %j by name", (options, message) => {
    expect(expectError(() => Model.load(folder, options), "INVALID_OPTION").message).toContain(message);
  });

  it("an invalid message has the reason as its cause", () => {
    const load = (config: string) => () => Model.load(folder, { config: bytes(config) });
    expect(expectError(load("ff"), "INVALID_OPTION").cause).toBeInstanceOf(Error);
    expect(expectError(load("3203ffffff"), "INVALID_OPTION").cause).toMatchObject({ status: "INVALID_ARGUMENT" });
  });
});

describe("results with options", () => {
  const variants: readonly LoadOptions[] = [
    { scheduling: "single-threaded" },
    { scheduling: "caller" },
    { scheduling: "pool" },
    { interOpThreads: 1 },
    { interOpThreads: 3, scheduling: "pool" },
    { gpu: false },
    { xla: true },
    { fuse: true },
    { fuse: false },
    { runOptions: bytes("3801") },
    { config: bytes("4801") },
  ];

  it.each(variants)("results do not depend on the options %j", (options) => {
    const expected = trainAndPredict({});
    expect(expected[0]).toBeGreaterThan(0);
    expect(trainAndPredict(options)).toEqual(expected);
  });

  function trainAndPredict(options: LoadOptions): readonly number[] {
    using model = Model.load(folder, options);
    const losses = [1, 2, 3].map(() => model.run("train", { training_input: [[1, 1]], training_target: [[2]] }));
    const outputs = [...losses, model.run("pred", { inputs: [[1, 1]] })].flatMap((output) => Object.values(output));
    return outputs.map((tensor) => Number(Number(tensor instanceof Tensor ? tensor.item() : Number.NaN).toFixed(5)));
  }
});

it.each([
  [undefined, false],
  [false, false],
  [true, true],
])("xla: %s compiles on a CPU: %s", (xla, compiles) => {
  using model = Model.load(folder, { scheduling: "caller", ...(xla === undefined ? {} : { xla }) });
  const { trace } = model.trace(() => model.run("train", { training_input: [[1, 1]], training_target: [[2]] }));
  expect(trace.traceEvents.some(({ name }) => name === "_XlaRun")).toBe(compiles);
});

describe("threads, counted in /proc", () => {
  needs(process.platform === "linux", "threads are counted in /proc, which Linux has");
  it("intraOpThreads creates that many threads, once per process", async () => {
    const [few, many, again, byDefault] = [
      ...(await countThreads({ intraOpThreads: 1 })),
      ...(await countThreads({ intraOpThreads: 101 }, { intraOpThreads: 101 }, {})),
    ];
    // Node.js may start or end some of its own meanwhile.
    expect((many?.all ?? 0) - (few?.all ?? 0)).toBeGreaterThan(90);
    expect((many?.all ?? 0) - (few?.all ?? 0)).toBeLessThan(110);
    expect(again?.all).toBeLessThan(10);
    expect(byDefault?.all).toBeLessThan(10);
  });

  it("a later load with another number of intra-op threads is rejected", async () => {
    const [, other, byBytes] = await countThreads({ intraOpThreads: 2 }, { intraOpThreads: 3 }, { config: "1003" });
    expect(other).toMatchObject({
      code: "INVALID_OPTION",
      message: "load(): intraOpThreads is 3, but the first load of this process asked for 2",
    });
    expect(byBytes?.code).toBe("INVALID_OPTION");
    const [, afterDefault] = await countThreads({}, { intraOpThreads: 3 });
    expect(afterDefault?.message).toContain("asked for none, which means as many as there are cores");
  });

  it("interOpThreads creates that many threads for each model", async () => {
    const counts = await countThreads({ interOpThreads: 3 }, { interOpThreads: 5 }, { interOpThreads: 1 });
    expect(counts.map(({ interOp }) => interOp)).toEqual([3, 5, 1]);
  });

  interface Count {
    readonly all?: number;
    readonly interOp?: number;
    readonly code?: string;
    readonly message?: string;
  }

  async function countThreads(...loads: readonly object[]): Promise<readonly Count[]> {
    const { ended } = start("test/runtime/engines/local/count-threads.ts", [
      folder,
      ...loads.map((load) => JSON.stringify(load)),
    ]);
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(0);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Count);
  }
});

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

function hex(message: Uint8Array): string {
  return Buffer.from(message).toString("hex");
}

describe("a deadline for calls", () => {
  const runOptions = bytes("1005"); // timeout_in_ms: 5
  const config = bytes("5805"); // operation_timeout_in_ms: 5
  const POOLED: readonly LoadOptions[] = [
    { runOptions, scheduling: "pool" },
    { runOptions, interOpThreads: 1 },
    { config, scheduling: "pool" },
    { runOptions: bytes("10051800") }, // inter_op_thread_pool: 0
  ];

  it.each(POOLED)("a deadline ends a longer call on a thread pool: %j", (options) => {
    using model = Model.load(modelFolder("spin"), options);
    const spin = (): unknown => model.run("spin", { x: [[1, 2]], steps: 10n ** 6n });
    expectError(spin, "TF_DEADLINE_EXCEEDED");
  });

  it.each<[string, LoadOptions]>([
    ["runOptions.timeout_in_ms", { runOptions }],
    ["runOptions.timeout_in_ms", { runOptions, scheduling: "caller" }],
    ["config.operation_timeout_in_ms", { config }],
  ])("rejects %s if it would have no effect: %j", (option, options) => {
    const { message } = expectError(() => Model.load(folder, options), "INVALID_OPTION");
    expect(message).toBe(
      `INVALID_OPTION: Model.load(): ${option} has no effect where operations run in the calling thread, the default. ` +
        'Set `scheduling: "pool"`, or pass `AbortSignal.timeout(ms)` to asynchronous calls.',
    );
  });

  it("a deadline of 0 means none", () => {
    using model = Model.load(folder, { runOptions: bytes("1000"), config: bytes("5800") });
    expect(model.disposed).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import type { TracedRun } from "../../../../runtime/engines/local/trace/recording.js";
import { traceEvents } from "../../../../runtime/engines/local/trace/trace-events.js";
import { type AnyTensor, Model, type OperationEvent, Tensor, type Trace } from "../../../../runtime/index.js";
import { decode } from "../../../../runtime/saved-model/proto/decode.js";
import { expectError } from "../../../support/errors.js";
import { encodeMessage } from "../../../support/saved-model.js";
import { modelFolder } from "../../../support/temp.js";

const load = (options = {}): Model => Model.load(modelFolder("custom_model"), { scheduling: "caller", ...options });
const train = (model: Model): number =>
  plainNumber(model.run("train", { training_input: [[1, 1]], training_target: [[2]] }).loss);
const plainNumber = (value: AnyTensor | undefined): number =>
  Number(value instanceof Tensor ? value.item() : Number.NaN);
const operations = ({ traceEvents: events }: Trace): readonly OperationEvent[] =>
  events.filter((event) => event.ph === "X");

describe("trace", () => {
  it("the default executor records nothing, and trace says how to load the model", () => {
    using model = Model.load(modelFolder("custom_model"));
    const { message } = expectError(() => model.trace(() => train(model)), "UNSUPPORTED_BY_ENGINE");
    expect(message).toContain('Load the model with `scheduling: "caller"`.');
  });

  it("a trace has the operations of a call, and the results of an untraced one", () => {
    using traced = load();
    using plain = load();
    const { result, trace } = traced.trace(() => [train(traced), train(traced)]);

    expect(result).toEqual([train(plain), train(plain)]);
    expect(result[0]).toBeGreaterThan(0);
    const events = operations(trace);
    // TensorFlow puts its own kinds of a MatMul in the place of the model's, different ones on different processors.
    expect(events.filter(({ name }) => name.includes("MatMul")).length).toBeGreaterThanOrEqual(4);
    expect(events.some(({ name }) => name === "AssignSubVariableOp")).toBe(true);
    expect(events.find(({ name }) => name === "Square")?.args.node).toMatch(/\/Square$/);
  });

  it("a trace is in Chrome's format, with times in microseconds from the first operation", () => {
    using model = load();
    const { trace } = model.trace(() => train(model));

    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    expect(trace.traceEvents[0]).toEqual({
      name: "process_name",
      ph: "M",
      pid: 0,
      tid: 0,
      args: { name: "/job:localhost/replica:0/task:0/device:CPU:0" },
    });
    expect(trace.traceEvents[1]).toMatchObject({ name: "thread_name", ph: "M", args: { name: "thread 1" } });
    const events = operations(trace);
    expect(events[0]?.ts).toBe(0);
    expect(events.map(({ ts }) => ts)).toEqual(events.map(({ ts }) => ts).toSorted((a, b) => a - b));
    for (const { dur, args } of events) {
      expect(args.kernelStart).toBeGreaterThanOrEqual(0);
      expect(args.kernelEnd).toBeGreaterThanOrEqual(args.kernelStart);
      expect(dur).toBeGreaterThanOrEqual(args.kernelEnd);
    }
  });

  it("a trace distinguishes the calls", () => {
    using model = load();
    const { trace } = model.trace(() => {
      train(model);
      model.run("pred", { inputs: [[1, 1]] });
      train(model);
    });
    const calls = operations(trace).map(({ args }) => `${args.callIndex} ${args.call}`);
    expect([...new Set(calls)]).toEqual(["0 train()", "1 pred()", "2 train()"]);
  });

  it.each(["caller", "pool"] as const)(
    "a trace has no partially overlapping operations in a lane, with scheduling %s",
    (scheduling) => {
      using model = load({ scheduling });
      const { trace } = model.trace(() => [1, 2, 3].map(() => train(model)));
      const open = new Map<number, OperationEvent[]>();
      for (const event of operations(trace)) {
        const around = (open.get(event.tid) ?? []).filter(({ ts, dur }) => ts + dur > event.ts);
        for (const { ts, dur } of around) expect(event.ts + event.dur).toBeLessThanOrEqual(ts + dur);
        open.set(event.tid, [...around, event]);
      }
      expect(open.size).toBeGreaterThan(0);
    },
  );

  it("a trace of a function without calls is empty", () => {
    using model = load();
    expect(model.trace(() => 7)).toEqual({ result: 7, trace: { traceEvents: [], displayTimeUnit: "ns" } });
  });

  it("a trace omits other models, and asynchronous calls", async () => {
    using model = load();
    using other = load();
    let pending: Promise<unknown> | undefined;
    const { trace } = model.trace(() => {
      train(other);
      pending = model.runAsync("pred", { inputs: [[1, 1]] });
    });
    await pending;
    expect(trace.traceEvents).toEqual([]);
  });

  it("a trace ends with its function, also when that throws", () => {
    using model = load();
    expect(() => model.trace(() => Array.of(train(model)).map(() => new Array(-1)))).toThrow(RangeError);
    const { trace } = model.trace(() => train(model));
    expect(new Set(operations(trace).map(({ args }) => args.callIndex))).toEqual(new Set([0]));
  });

  it("a failed run fails as without a trace, and the next one is traced", () => {
    using model = Model.load(modelFolder("regression"), { scheduling: "caller" });
    const step = (x: number[][]) => (): unknown => model.run("train", { x, target: [[3], [4]], learning_rate: 0.1 });
    const wrong = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const error = expectError(step(wrong), "TF_INVALID_ARGUMENT");
    expect(expectError(() => model.trace(step(wrong)), "TF_INVALID_ARGUMENT").message).toBe(error.message);
    expect(operations(model.trace(step(wrong.slice(1))).trace).length).toBeGreaterThan(0);
  });

  it("trace rejects an asynchronous function", () => {
    using model = load();
    const error = expectError(() => model.trace(async () => train(model)), "INVALID_ARGUMENT");
    expect(error.rawMessage).toBe("trace() takes a function that calls synchronously, got a promise");
  });

  it("trace rejects nested traces, and values that are not functions", () => {
    using model = load();
    expectError(() => model.trace(() => model.trace(() => 1)), "INVALID_ARGUMENT");
    // @ts-expect-error
    expectError(() => model.trace(7), "INVALID_ARGUMENT");
  });

  it("trace rejects a disposed model, and survives one that is disposed meanwhile", () => {
    const model = load();
    const { trace } = model.trace(() => {
      train(model);
      model.dispose();
    });
    expect(operations(trace).length).toBeGreaterThan(0);
    expectError(() => model.trace(() => 1), "DISPOSED");
  });
});

describe("lanes", () => {
  it("sequential and nested operations of a thread share a lane", () => {
    expect(lanes([0, 10], [10, 20], [12, 15], [15, 20], [30, 31])).toEqual([0, 0, 0, 0, 0]);
  });

  it("partially overlapping operations of a thread do not share a lane", () => {
    expect(lanes([0, 10], [5, 15], [10, 12], [16, 20])).toEqual([0, 1, 0, 0]);
  });

  it("times beyond 2^53 nanoseconds keep every nanosecond", () => {
    const [, , first, second] = traceEvents([runOf([0, 1], [3, 7])]);
    expect([first, second]).toMatchObject([
      { ts: 0, dur: 0.001 },
      { ts: 0.003, dur: 0.004 },
    ]);
  });

  function lanes(...times: readonly (readonly [number, number])[]): readonly number[] {
    return traceEvents([runOf(...times)])
      .filter(({ ph }) => ph === "X")
      .map(({ tid }) => tid);
  }

  function runOf(...times: readonly (readonly [number, number])[]): TracedRun {
    const nodeStats = times.map(([start, end]) => ({
      nodeName: "x",
      threadId: 1,
      // 2^60 + start, which no number holds.
      allStartNanos: { low: start, high: 2 ** 28, unsigned: false },
      allEndRelNanos: end - start,
    }));
    const devStats = [{ device: "CPU:0", nodeStats }];
    return { call: "x()", stats: decode("StepStats", encodeMessage("StepStats", { devStats })) };
  }
});

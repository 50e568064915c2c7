import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { Counter } from "../../../generated/counter.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Spin } from "../../../generated/spin.js";
import { Model, Tensor } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** Some tenths of a second of turning. */
const LONG = 60_000;

describe("asynchronous calls", () => {
  it("an asynchronous call returns the result of the synchronous one", async () => {
    await using model = CustomModel.load();
    expect((await model.async.pred([[1, 1]])).toArray()).toEqual(model.pred([[1, 1]]).toArray());
    expect(await model.async.train([[1, 1]], [[2]])).toBeTypeOf("number");
    const { output } = await model.runAsync("pred", { inputs: [[1, 1]] });
    expect(output?.toArray()).toEqual(model.pred([[1, 1]]).toArray());
  });

  it("an asynchronous call takes and returns every kind of value", async () => {
    await using model = Dtypes.load();
    await using composite = Composite.load();
    expect((await model.async.string(["a", "größe", ""])).data).toEqual(["a", "größe", ""]);
    expect(await model.async.scalarInt64(5n)).toBe(5n);
    expect((await model.async.withDefault([1, 2])).toArray()).toEqual([2.5, 4.5]);
    expect((await model.async.withDefault([1, 2], undefined, [10])).toArray()).toEqual([12, 14]);
    expect((await model.async.noInputs()).toArray()).toEqual(model.noInputs().toArray());
    expect((await composite.async.words([["a", "b"], []])).toArray()).toEqual(["a b", ""]);
  });

  it("an asynchronous method is the same function at each access", () => {
    using model = CustomModel.load();
    expect(model.async).toBe(model.async);
    expect(Object.keys(model.async)).toEqual(["pred", "train"]);
  });

  it("an asynchronous call rejects with the codes that a synchronous one throws", async () => {
    await using model = CustomModel.load();
    const { message } = await expectRejection(model.async.pred([[1, 2, 3]] as never), "INVALID_SHAPE");
    expect(message).toBe('INVALID_SHAPE: pred(): input "inputs" must be float32 [1, 2], got [1, 3]');
    await expectRejection((model.async.train as (x: unknown) => Promise<number>)([[1, 1]]), "MISSING_INPUT");
    const pred = model.async.pred as (...inputs: unknown[]) => Promise<unknown>;
    await expectRejection(pred([[1, 1]], [[1]]), "TOO_MANY_INPUTS");
    await expectRejection(pred([[1, 1]], {}, {}), "TOO_MANY_INPUTS");
    await expectRejection(pred([[1, 1]], { signl: 1 }), "INVALID_OPTION");
    await expectRejection(pred([[1, 1]], { signal: "now" }), "INVALID_OPTION");
    await expectRejection(model.runAsync("predd"), "SIGNATURE_NOT_FOUND");
    await expectRejection(model.runAsync("pred", { input: 1 }), "UNKNOWN_INPUT");
    await using spin = Spin.load();
    const error = await expectRejection(spin.async.half([[Number.NaN, 1]]), "TF_INVALID_ARGUMENT");
    expect(error.message).toContain("half(): ");
    expect((await spin.async.half([[1, 2]])).toArray()).toEqual([[0.5, 1]]);
  });

  it("an asynchronous call does not see later changes of its data", async () => {
    await using model = Spin.load();
    const data = Float32Array.of(2, 4);
    const tensor = Tensor.from("float32", [[6, 8]], [1, 2]);
    const running = model.async.spin(data, LONG);
    const waiting = Array.from({ length: 8 }, () => model.async.half(data));
    const fed = model.async.half(tensor);
    data.fill(100);
    tensor.data.fill(100);
    expect((await running).data.every((value) => Math.abs(value) < 10)).toBe(true);
    for (const result of await Promise.all(waiting)) expect([...result.data]).toEqual([1, 2]);
    expect([...(await fed).data]).toEqual([3, 4]);
  });

  it("an asynchronous call does not block the event loop", async () => {
    await using model = Spin.load();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await model.async.spin([[1, 0]], LONG);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });
});

describe("calls that change variables", () => {
  it("concurrent calls that change variables lose no update, and run in order", async () => {
    await using model = CustomModel.load();
    await using other = CustomModel.load();
    const concurrent = await Promise.all(Array.from({ length: 32 }, () => model.async.train([[1, 1]], [[2]])));
    expect(concurrent).toEqual(Array.from({ length: 32 }, () => other.train([[1, 1]], [[2]])));
    expect(model.pred([[1, 1]]).toArray()).toEqual(other.pred([[1, 1]]).toArray());
  });

  it("calls that change variables run exclusively", async () => {
    await using model = Spin.load();
    const order: string[] = [];
    const note = (name: string) => (): unknown => order.push(name);
    const first = model.async.count([[1, 0]], LONG / 10).then(note("first"));
    const read = model.async.turned().then((turns) => order.push(`read ${turns}`));
    const second = model.async.count([[1, 0]], 10).then(note("second"));
    const last = model.async.turned().then((turns) => order.push(`read ${turns}`));
    await Promise.all([first, read, second, last]);
    expect(order).toEqual(["first", `read ${LONG / 10}`, "second", `read ${LONG / 10 + 10}`]);
  });

  it("counts correctly if the model reads before and writes after", async () => {
    await using model = Spin.load();
    await Promise.all(Array.from({ length: 50 }, () => model.async.count([[1, 0]], 20)));
    expect(model.turned()).toBe(1000n);
  });

  it("asynchronous calls that change variables and synchronous calls do not interfere", async () => {
    await using model = Spin.load();
    const reading = model.async.spin([[1, 0]], LONG);
    expect(model.half([[2, 4]]).toArray()).toEqual([[1, 2]]);
    expect(() => model.count([[1, 0]], 1)).toThrow(/^BUSY: count\(\): calls that read variables are running/);
    await reading;
    expect(model.count([[1, 0]], 1).turns).toBe(1n);
    const writing = model.async.count([[1, 0]], LONG);
    expect(() => model.half([[2, 4]])).toThrow(/^BUSY: half\(\): a call that changes variables is running/);
    expect(() => model.save(tempFolder())).toThrow(/^BUSY: save\(\)/);
    await writing;
    expect(model.turned()).toBe(BigInt(LONG) + 1n);
  });
});

describe("an AbortSignal", () => {
  it("a call with an aborted signal does not start", async () => {
    await using model = Counter.load();
    const error = await expectRejection(model.async.increment(1, { signal: AbortSignal.abort("why") }), "ABORTED");
    expect(error.cause).toBe("why");
    expect(await model.async.get()).toBe(0);
  });

  it("aborting drops a waiting call", async () => {
    await using model = Spin.load();
    const controller = new AbortController();
    const running = model.async.count([[1, 0]], LONG);
    const waiting = model.async.count([[1, 0]], 5, { signal: controller.signal });
    const next = model.async.count([[1, 0]], 3);
    expect(model.pending).toBe(3);
    controller.abort();
    await expectRejection(waiting, "ABORTED");
    expect(model.pending).toBe(2);
    await Promise.all([running, next]);
    expect(model.turned()).toBe(BigInt(LONG) + 3n);
  });

  it("aborting a running call rejects it while it completes", async () => {
    await using model = Spin.load();
    const controller = new AbortController();
    const running = model.async.count([[1, 0]], LONG, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expectRejection(running, "ABORTED");
    expect(model.pending).toBe(1);
    expect(await model.async.turned()).toBe(BigInt(LONG));
  });

  it("aborting after the call has no effect", async () => {
    await using model = Counter.load();
    const controller = new AbortController();
    expect(await model.async.increment(2, { signal: controller.signal })).toBe(2);
    controller.abort();
    expect(await model.async.get()).toBe(2);
  });
});

describe("many calls", () => {
  it("many calls wait for their turn, beyond the limit of native code", async () => {
    await using model = CustomModel.load();
    const results = await Promise.all(
      Array.from({ length: 2000 }, (_, index) => model.async.pred([[index, 1]]).then((y) => y.data[0])),
    );
    for (const index of [0, 1, 999, 1999]) expect(results[index]).toBe(model.pred([[index, 1]]).data[0]);
  });

  it("calls beyond `maxQueue` are rejected", async () => {
    await using model = Spin.load(undefined, { concurrency: 1, maxQueue: 2 });
    const calls = Array.from({ length: 4 }, () => model.async.spin([[1, 0]], LONG / 10));
    const { message } = await expectRejection(calls[3] as Promise<unknown>, "QUEUE_FULL");
    expect(message).toBe("QUEUE_FULL: spin(): 2 calls are already waiting. Apply back-pressure or raise `maxQueue`.");
    await Promise.all(calls.slice(0, 3));
  });

  it("calls of several models take turns", async () => {
    await using first = Spin.load(undefined, { concurrency: 1 });
    await using second = Spin.load();
    const order: string[] = [];
    // It would be the last one if it waited for those of the first model.
    const calls = [...Array.from({ length: 20 }, () => first), second].map((model) =>
      model.async.spin([[1, 0]], LONG / 50).then(() => order.push(model === first ? "first" : "second")),
    );
    await Promise.all(calls);
    expect(order.indexOf("second")).toBeLessThan(20);
  });

  it.each([0, -1, 1.5, "2", null])("rejects %o as a limit", (limit) => {
    expect(() => Spin.load(undefined, { concurrency: limit as number })).toThrow(/^INVALID_OPTION: .*concurrency/);
    expect(() => Spin.load(undefined, { maxQueue: limit as number })).toThrow(/^INVALID_OPTION: .*maxQueue/);
  });
});

describe("the end of a model", () => {
  it("dispose waits for running calls, and rejects waiting ones", async () => {
    const model = Spin.load(undefined, { concurrency: 1 });
    const running = model.async.spin([[1, 0]], LONG);
    const waiting = model.async.spin([[1, 0]], LONG);
    model.dispose();
    model.dispose();
    expect(model.disposed).toBe(true);
    await expectRejection(waiting, "DISPOSED");
    expect((await running).shape).toEqual([1, 2]);
    await expectRejection(model.async.spin([[1, 0]], 1), "DISPOSED");
    expect(() => model.turned()).toThrow(/^DISPOSED/);
    await model.close();
  });

  it("`close` and `await using` wait for all calls", async () => {
    const results: Promise<bigint>[] = [];
    {
      await using model = Spin.load(undefined, { concurrency: 1 });
      for (let call = 0; call < 3; call++) results.push(model.async.count([[1, 0]], 10).then(({ turns }) => turns));
    }
    expect(await Promise.all(results)).toEqual([10n, 20n, 30n]);
  });

  it("a closing model accepts no calls", async () => {
    const model = Spin.load();
    const running = model.async.spin([[1, 0]], LONG);
    const closed = model.close();
    await expectRejection(model.async.turned(), "DISPOSED");
    await Promise.all([running, closed, model.close()]);
  });
});

describe("Model.runAsync", () => {
  it("Model.runAsync takes options after the inputs", async () => {
    using model = Model.load(modelFolder("counter"));
    await expectRejection(model.runAsync("increment", { by: 1 }, { signal: AbortSignal.abort() }), "ABORTED");
    await expectRejection(model.runAsync("increment", { by: 1 }, { sgnal: 1 } as never), "INVALID_OPTION");
    await expectRejection(model.runAsync(1 as never), "INVALID_ARGUMENT");
    expect((await model.runAsync("increment", { by: 1 })).count).toBeInstanceOf(Tensor);
  });
});

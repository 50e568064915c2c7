import { utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Effects } from "../../../../generated/effects.js";
import { Spin } from "../../../../generated/spin.js";
import { expectError } from "../../../support/errors.js";
import { countRuns } from "../../../support/runs.js";
import { copyOfModel } from "../../../support/temp.js";

const MANY = { maxBatch: 100 };

describe("signatures with stateful operations that write nothing that outlives the call", () => {
  it.each(["mapped", "printed", "dropped"] as const)(
    "batches %s, whose stateful operations write nothing that outlives the call",
    async (key) => {
      await using model = Effects.load(undefined, { batching: { [key]: MANY } });
      const runs = countRuns();
      const results = await Promise.all([1, 2, 3].map((x) => model.async[key]([x, x])));
      expect(runs.stop()).toBe(1);
      const factor = { mapped: [2, 4, 6], printed: [2, 3, 4], dropped: undefined }[key];
      for (const [index, { data }] of results.entries()) {
        expect(data).toHaveLength(2);
        if (factor !== undefined) expect([...data]).toEqual([factor[index], factor[index]]);
        // Elements that are not dropped are doubled.
        else for (const y of data) expect([0, 2 * (index + 1)]).toContain(y);
      }
    },
  );

  it("batches StableHLO", async () => {
    await using model = Effects.load(undefined, { batching: { jax: MANY } });
    const runs = countRuns();
    const results = await Promise.all([0, 1, 2].map((x) => model.async.jax([[x, -x]])));
    expect(runs.stop()).toBe(1);
    for (const [x, y] of results.entries()) {
      expect(Math.abs((y.data[0] ?? Number.NaN) - Math.tanh(x))).toBeLessThan(1e-6);
      expect(Math.abs((y.data[1] ?? Number.NaN) + Math.tanh(x))).toBeLessThan(1e-6);
    }
  });

  it("runs harmless stateful calls concurrently, and synchronous calls alongside", async () => {
    await using model = Effects.load();
    const calls = [
      model.async.reduced([1, 2, 3]),
      model.async.iterated([1, 2, 3]),
      model.async.counted(["a", "b", "a"], [1n, 2n, 3n]),
    ] as const;
    expect(model.reduced([4, 5])).toBe(9);
    expect(model.iterated([1, 2])).toEqual({ first: 1, total: 5 });
    expect(model.counted(["a"], [1n])).toBe(1n);
    expect(await Promise.all(calls)).toEqual([6, { first: 1, total: 6 }, 2n]);
  });

  it("rejects a synchronous call alongside one that writes a table", async () => {
    await using model = Effects.load();
    const size = model.async.remember("a", 7n);
    expectError(() => model.recall(["a"]), "BUSY");
    expect(await size).toBe(1n);
    expect([...model.recall(["a", "b"]).data]).toEqual([7n, -1n]);
  });
});

describe("the option readOnly", () => {
  it("readOnly allows batching of signatures that count as writing", async () => {
    const batching = { drawn: MANY };
    const { message } = expectError(() => Effects.load(undefined, { batching }), "INVALID_OPTION");
    expect(message).toContain("`readOnly`");
    await using model = Effects.load(undefined, { batching, readOnly: ["drawn"] });
    const runs = countRuns();
    const results = await Promise.all([1, 5].map((x) => model.async.drawn([x])));
    expect(runs.stop()).toBe(1);
    expect(results.map((y) => Math.floor(y.data[0] ?? 0))).toEqual([1, 5]);
  });

  it("readOnly allows concurrent and synchronous calls", async () => {
    await using model = Effects.load(undefined, { readOnly: ["drawn"] });
    const drawn = model.async.drawn([1]);
    expect(model.drawn([2]).shape).toEqual([1]);
    expect(model.reduced([1])).toBe(1);
    expect((await drawn).shape).toEqual([1]);
  });

  it("readOnly signatures are warmed up with a run", () => {
    using model = Effects.load(undefined, { readOnly: ["remember"] });
    model.warmUp("remember");
    // The empty word was inserted, which a signature that writes would not have been run for.
    expect([...model.recall([""]).data]).toEqual([0n]);
  });

  it("readOnly does not hand the memory of an allocated tensor to a variable", () => {
    using model = Effects.load(undefined, { readOnly: ["keep"] });
    const x = model.allocate("float32", [64]);
    x.data.fill(1);
    model.keep(x);
    x.data.fill(9);
    expect(model.kept().data).toEqual(new Float32Array(64).fill(1));
  });

  it("readOnly rejects an unknown key, and values that are not arrays of keys", () => {
    // @ts-expect-error the compiler knows the keys
    const error = expectError(() => Effects.load(undefined, { readOnly: ["draw"] }), "SIGNATURE_NOT_FOUND");
    expect(error.message).toContain('"drawn"');
    for (const readOnly of ["drawn", [1], {}]) {
      const { rawMessage } = expectError(
        () => Effects.load(undefined, { readOnly: readOnly as ["drawn"] }),
        "INVALID_OPTION",
      );
      expect(rawMessage).toBe('Effects.load(): readOnly must be an array of keys of signatures, such as ["predict"]');
    }
  });
});

describe("a model whose file was touched after it was loaded", () => {
  it("knows which signatures write after the model's file was touched", async () => {
    const folder = copyOfModel("spin");
    await using model = Spin.load(folder);
    utimesSync(join(folder, "saved_model.pb"), 1, 1);
    const half = model.async.half([[2, 4]]);
    expect(model.half([[6, 8]]).toArray()).toEqual([[3, 4]]);
    expect((await half).toArray()).toEqual([[1, 2]]);
    const counted = model.async.count([[1, 0]], 1n);
    expectError(() => model.half([[6, 8]]), "BUSY");
    await counted;
  });
});

describe("an argument of unknown rank", () => {
  it("an argument of unknown rank accepts nested arrays with a dimension of 0", () => {
    using model = Effects.load();
    expect([...model.shapeOf([[], []]).data]).toEqual([2, 0]);
    expect([...model.shapeOf([]).data]).toEqual([0]);
    expect([...model.shapeOf([[[]]]).data]).toEqual([1, 1, 0]);
    expect([...model.shapeOf(1).data]).toEqual([]);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { Metrics } from "../../../generated/metrics.js";
import type { CallInput } from "../../../runtime/call/signature-call.js";
import type { BoundMethod } from "../../../runtime/client/bound-methods.js";
import { type EarlyStopping, fit, type History, type Tensor } from "../../../runtime/index.js";
import { type Batch, batchSource } from "../../../runtime/training/batches/batches.js";
import { prepareRows } from "../../../runtime/training/batches/columns.js";
import { CheckpointWriter } from "../../../runtime/training/resume/checkpoint-writer.js";

const ORDER = Uint32Array.of(2, 0, 3, 1);

/** Rows 1 and 2 of the order above, that is rows 0 and 3 of a column, as the arrays that the model would get. */
function shuffled(input: CallInput, column: unknown): unknown {
  const [value] = prepareRows("train()", [input], [column]).batch(1, 1, 3, ORDER);
  return (value as Tensor).toArray();
}

describe("shuffled rows", () => {
  it.each([1, 31, 32, 33, 40])("shuffled rows are intact with %i numbers each", (width) => {
    const rows = Array.from({ length: 4 }, (_, row) => Array.from({ length: width }, (_, place) => 100 * row + place));
    expect(shuffled({ key: "x", dtype: "float32", shape: [null, width] }, rows)).toEqual([rows[0], rows[3]]);
  });

  it("shuffled rows are intact with several strings each", () => {
    const rows = [
      ["a", "b"],
      ["c", "d"],
      ["e", "f"],
      ["g", "h"],
    ];
    expect(shuffled({ key: "x", dtype: "string", shape: [null, 2] }, rows)).toEqual([rows[0], rows[3]]);
  });

  it.each([1, 3, 20])("shuffled rows are intact with %i complex numbers each", (width) => {
    const rows = Array.from({ length: 4 }, (_, row) =>
      Array.from({ length: width }, (_, place) => ({ re: 100 * row + place, im: -place - 1 })),
    );
    expect(shuffled({ key: "x", dtype: "complex64", shape: [null, width] }, rows)).toEqual([rows[0], rows[3]]);
    const inOrder = prepareRows("train()", [{ key: "x", dtype: "complex64", shape: [null, width] }], [rows]);
    expect((inOrder.batch(1, 2, 4)[0] as Tensor).toArray()).toEqual(rows.slice(2));
  });
});

describe("a signature that fixes its batch", () => {
  const method = { inputs: [{ key: "x", dtype: "int32", shape: [4, 1] }], outputs: [], properties: undefined };
  const column = Array.from({ length: 10 }, (_, row) => [row]);

  function rowsOfEpochs(seed: number | undefined, epochs: number): number[][] {
    const source = batchSource("train()", method, [column], { batchSize: undefined, seed });
    return Array.from({ length: epochs }, (_, index) => {
      const start = { epoch: index + 1, step: 1, skipped: 0 };
      const batches = { [Symbol.iterator]: () => source.epoch(start) } as Iterable<Batch>;
      // A batch is valid until the next one is asked for.
      const taken = Array.from(batches, ({ values }) => [...(values[0] as Tensor<"int32">).data]);
      expect(taken.map((rows) => rows.length)).toEqual([4, 4]);
      return taken.flat();
    });
  }

  it("a fixed batch size gets each shuffled row at some time, and none twice in an epoch", () => {
    const epochs = rowsOfEpochs(1, 20);
    for (const rows of epochs) expect(new Set(rows).size).toBe(8);
    expect(new Set(epochs.flat()).size).toBe(10);
  });

  it("a fixed batch size gets the first rows without shuffling", () => {
    expect(rowsOfEpochs(undefined, 2)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3, 4, 5, 6, 7],
    ]);
  });
});

describe("early stopping", () => {
  /** A training whose epochs have these losses. */
  async function trained(losses: readonly number[], earlyStopping: EarlyStopping): Promise<History> {
    let epoch = 0;
    using model = Metrics.fake({ trainBatch: () => ({ loss: losses[epoch++] ?? 0, accuracy: 0, steps: 0n }) });
    return await fit(model.trainBatch, [[[1, 2, 3]], [1n]], { progress: false, epochs: losses.length, earlyStopping });
  }

  it.each([
    { minDelta: 0, epochs: 4, bestEpoch: 4 },
    { minDelta: 0.0625, epochs: 4, bestEpoch: 4 },
    { minDelta: 0.125, epochs: 2, bestEpoch: 1 },
  ])(
    "early stopping does not count less than minDelta $minDelta as an improvement",
    async ({ minDelta, epochs, bestEpoch }) => {
      const history = await trained([1, 0.875, 0.75, 0.625], { minDelta });
      expect([history.epochs.length, history.bestEpoch]).toEqual([epochs, bestEpoch]);
    },
  );

  it("early stopping compares with the best value, not the last", async () => {
    const history = await trained([1, 2, 1.5, 0.5, 3, 3], { patience: 3, minDelta: 0.25 });
    expect([history.epochs.length, history.bestEpoch]).toEqual([6, 4]);
    expect((await trained([1, 2, 1.5, 1.25, 3, 3], { patience: 3 })).epochs.length).toBe(4);
  });
});

describe("everySeconds", () => {
  afterEach(() => void vi.useRealTimers());

  it("everySeconds counts from the last checkpoint", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let saves = 0;
    const state = { identity: {}, records: [], step: 1, open: undefined, best: undefined };
    // As of a fake client, whose `save` a test has replaced.
    const calls = { connection: { engine: {} } };
    const bound = { model: { save: () => saves++ }, calls, key: "train" } as unknown as BoundMethod;
    const writer = new CheckpointWriter(bound, { directory: "out", everySeconds: 10 }, undefined);
    const due: boolean[] = [];
    for (const seconds of [9, 1, 9, 1, 5]) {
      vi.advanceTimersByTime(seconds * 1000);
      due.push(writer.isDue(1));
      if (writer.isDue(1)) writer.save(state);
    }
    expect([due, saves]).toEqual([[false, true, false, true, false], 2]);
  });
});

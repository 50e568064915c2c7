import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { History } from "../../../runtime/training/history/history.js";
import type { EpochRecord } from "../../../runtime/training/records/events.js";
import { expectError } from "../../support/errors.js";

function epochs(count: number): readonly EpochRecord<"loss" | "accuracy">[] {
  return Array.from({ length: count }, (_, index) => ({
    epoch: index + 1,
    step: (index + 1) * 4,
    rows: 100,
    seconds: 0.5,
    metrics: { loss: 1 / (index + 1), accuracy: index / count },
    validation: { loss: 2 / (index + 1) },
    constants: { learning_rate: 0.01 },
  }));
}

describe("metrics", () => {
  const history = new History(epochs(3), { bestEpoch: 3, monitor: "validation_loss" });

  it("history.metric() returns a number per epoch", () => {
    expect(history.metric("loss")).toEqual([1, 1 / 2, 1 / 3]);
    expect(history.validation("loss")).toEqual([2, 1, 2 / 3]);
    expect(history.metric("validation_loss")).toEqual([2, 1, 2 / 3]);
  });

  it("history metrics have the names of the signature's outputs", () => {
    expectTypeOf(history.metric).parameter(0).toEqualTypeOf<"loss" | "accuracy" | `validation_${string}`>();
    expectTypeOf(new History(epochs(1)).epochs[0]?.metrics.loss).toEqualTypeOf<number | undefined>();
  });

  it("history.metric() lists the metrics if one is unknown", () => {
    // @ts-expect-error no such metric
    expect(expectError(() => history.metric("losss"), "INVALID_ARGUMENT").fix).toBe('Did you mean "loss"?');
    expectError(() => history.validation("constructor"), "INVALID_ARGUMENT");
  });

  it("history metrics are empty before the first epoch", () => {
    expect(new History([]).metric("loss")).toEqual([]);
  });

  it("history metrics are NaN if an epoch has none", () => {
    const [first, ...rest] = epochs(2);
    const partial = new History([{ ...first, validation: {} } as EpochRecord, ...rest]);
    expect(partial.validation("loss")).toEqual([Number.NaN, 1]);
  });

  it("history metrics cannot be changed", () => {
    expect(() => Object.assign(history, { bestEpoch: 1 })).toThrow(TypeError);
    expect(() => (history.epochs as EpochRecord[]).pop()).toThrow(TypeError);
  });
});

describe("JSON", () => {
  it("a history round-trips through JSON", () => {
    const history = new History(epochs(5), { bestEpoch: 2, monitor: "loss", notes: ["the last batch is smaller"] });
    const back = History.fromJSON(JSON.parse(JSON.stringify(history)));
    expect(back).toEqual(history);
    expect(back.notes).toEqual(["the last batch is smaller"]);
  });

  it("JSON of a history keeps any name and any number", () => {
    const metrics = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "1")),
      fc.double().map((value) => value + 0),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ metrics, validation: metrics, constants: metrics })), (records) => {
        const all = records.map((record, index) => ({ epoch: index + 1, step: index, rows: 1, seconds: 0, ...record }));
        const back = History.fromJSON(JSON.parse(JSON.stringify(new History(all))));
        for (const [index, record] of all.entries()) {
          for (const kind of ["metrics", "validation", "constants"] as const) {
            const entries = (of: EpochRecord | undefined): readonly unknown[] =>
              Object.entries(of?.[kind] ?? {}).sort();
            expect(entries(back.epochs[index])).toEqual(entries(record));
          }
        }
      }),
    );
  });

  it("JSON of a history writes non-finite numbers as strings", () => {
    const [first] = epochs(1);
    const metrics = { loss: Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY };
    const json = new History([{ ...first, metrics } as EpochRecord]).toJSON();
    expect(json.epochs[0]?.metrics).toEqual({ loss: "NaN", up: "Infinity", down: "-Infinity" });
  });

  const valid = new History(epochs(2), { bestEpoch: 1, monitor: "loss" }).toJSON();
  const [one, two] = valid.epochs;
  it.each<readonly [string, unknown, string]>([
    ["null", null, "it must be an object"],
    ["a string", JSON.stringify(valid), "it must be an object"],
    ["an array", [valid], "it must be an object"],
    ["another format", { epochs: [] }, 'its "format" is not "savedmodel.history"'],
    ["a later version", { ...valid, version: 2 }, "it has version 2, and this package reads version 1"],
    ["no version", { ...valid, version: "1" }, "no known version"],
    ["epochs that are not an array", { ...valid, epochs: { 0: one } }, "epochs must be an array"],
    ["an epoch that is not an object", { ...valid, epochs: [1] }, "epochs[0] must be an object"],
    ["a hole", { ...valid, epochs: new Array(1) }, "epochs[0] must be an object"],
    ["epoch 0", { ...valid, epochs: [{ ...one, epoch: 0 }] }, "epochs[0].epoch must be an integer of at least 1"],
    ["half a step", { ...valid, epochs: [{ ...one, step: 0.5 }] }, "epochs[0].step must be an integer of at least 0"],
    ["no rows", { ...valid, epochs: [{ ...one, rows: undefined }] }, "epochs[0].rows must be an integer of at least 0"],
    [
      "negative time",
      { ...valid, epochs: [{ ...one, seconds: -1 }] },
      "epochs[0].seconds must be a non-negative number",
    ],
    ["no metrics", { ...valid, epochs: [{ ...one, metrics: undefined }] }, "epochs[0].metrics must be an object"],
    [
      "a string",
      { ...valid, epochs: [one, { ...two, metrics: { a: "1" } }] },
      'epochs[1].metrics: "a" must be a number',
    ],
    ["null", { ...valid, epochs: [{ ...one, validation: { a: null } }] }, 'epochs[0].validation: "a" must be a number'],
    ["lists", { ...valid, epochs: [{ ...one, constants: { a: [] } }] }, 'epochs[0].constants: "a" must be a number'],
    ["the wrong order", { ...valid, epochs: [two, one] }, "epochs[1].epoch is not greater than the one before"],
    ["steps back", { ...valid, epochs: [one, { ...two, step: 1 }] }, "epochs[1].step is less than the one before"],
    ["another best epoch", { ...valid, bestEpoch: 3 }, "bestEpoch is not one of its epochs"],
    ["another monitor", { ...valid, monitor: "x\u001b" }, 'monitor "x\\u{1b}" is not one of its metrics'],
    ["a monitor that is not a string", { ...valid, monitor: 1 }, "monitor must be a string"],
    ["notes that are not strings", { ...valid, notes: [1] }, "notes must be strings"],
  ])("History.fromJSON rejects %s", (_, json, message) => {
    const { rawMessage } = expectError(() => History.fromJSON(json), "HISTORY_INVALID");
    expect(rawMessage).toContain(message);
  });

  it("History.fromJSON reads or rejects any value", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (epochs, rest) => {
        const json = { ...(rest as object), format: "savedmodel.history", version: 1, epochs };
        try {
          expect(History.fromJSON(json)).toBeInstanceOf(History);
        } catch (error) {
          expect(error).toHaveProperty("code", "HISTORY_INVALID");
        }
      }),
    );
  });
});

describe("CSV", () => {
  it("CSV of a history has a header and a line per epoch", () => {
    expect(new History(epochs(2)).toCSV()).toBe(
      "epoch,step,rows,seconds,loss,accuracy,validation_loss,learning_rate\n" +
        "1,4,100,0.5,1,0,2,0.01\n" +
        "2,8,100,0.5,0.5,0.5,1,0.01\n",
    );
  });

  it("CSV of a history has a header even without epochs", () => {
    expect(new History([]).toCSV()).toBe("epoch,step,rows,seconds\n");
  });

  it("CSV of a history quotes names, escapes formulas, and has no duplicates", () => {
    const record = { epoch: 1, step: 1, rows: 1, seconds: 0 };
    const metrics = { 'a,"b"\n': 1, '=HYPERLINK("x")': 2, "-1": -3, epoch: 4, validation_loss: 5 };
    const csv = new History([{ ...record, metrics, validation: { loss: 6 }, constants: { "＝1": 7 } }]).toCSV();
    expect(csv).toBe(
      'epoch,step,rows,seconds,"a,""b""\n","\'=HYPERLINK(""x"")",\'-1,epoch_2,validation_loss,validation_loss_2,\'＝1\n' +
        "1,1,1,0,1,2,-3,4,5,6,7\n",
    );
  });

  it("CSV of a history distinguishes non-finite from missing values", () => {
    const record = { step: 1, rows: 1, seconds: 0 };
    const history = new History([
      { epoch: 1, ...record, metrics: { loss: Number.NaN } },
      { epoch: 2, ...record, metrics: { loss: Number.NEGATIVE_INFINITY }, validation: { loss: 1 } },
    ]);
    expect(history.toCSV().split("\n").slice(1, 3)).toEqual(["1,1,1,0,NaN,", "2,1,1,0,-Infinity,1"]);
  });
});

describe("inspect", () => {
  it("inspecting a history prints a table, truncated to the first and last epochs", () => {
    expect(inspect(new History(epochs(20), { bestEpoch: 20, monitor: "loss" }))).toBe(`\
History: 20 epochs, best 20 by "loss"
epoch    time     loss  accuracy  validation_loss  learning_rate
    1  0.50 s        1         0                2           0.01
    2  0.50 s      0.5      0.05                1           0.01
    3  0.50 s   0.3333       0.1           0.6667           0.01
    …
   15  0.50 s  0.06667       0.7           0.1333           0.01
   16  0.50 s   0.0625      0.75            0.125           0.01
   17  0.50 s  0.05882       0.8           0.1176           0.01
   18  0.50 s  0.05556      0.85           0.1111           0.01
   19  0.50 s  0.05263       0.9           0.1053           0.01
  *20  0.50 s     0.05      0.95              0.1           0.01`);
  });

  it("inspecting a history omits columns that do not fit", () => {
    const names = Array.from({ length: 30 }, (_, index) => [`metric_${index}\u001b`, index]);
    const record = { epoch: 1, step: 1, rows: 1, seconds: 1, metrics: Object.fromEntries(names) };
    const lines = inspect(new History([record]), { breakLength: 60 }).split("\n");
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
    expect(lines[1]).toMatch(/metric_0\\u\{1b\}.* {2}…$/);
  });

  it("inspecting a history is short when nested or empty", () => {
    expect(inspect({ a: { b: { c: new History(epochs(1)) } } }, { depth: 2 })).toContain("[History: 1 epoch]");
    expect(inspect(new History([]))).toBe("[History: 0 epochs]");
  });
});

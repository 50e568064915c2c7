import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Regression } from "../../../generated/regression.js";
import { type FitOptions, fit, type History } from "../../../runtime/index.js";
import { eventRecord, fileVersion, type LogEvent } from "../../../runtime/training/logs/event-file.js";
import { expectRejection } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

/** The bytes that TensorFlow writes; events.py makes them. */
const golden = JSON.parse(readFileSync(new URL("events.golden.json", import.meta.url), "utf8")) as {
  readonly version: { readonly wallTime: number; readonly bytes: string };
  readonly events: readonly { readonly event: LogEvent; readonly bytes: string }[];
};

const X = [
  [1, 0],
  [0, 1],
  [1, 1],
];
const TARGET = [[1], [2], [3]];
const SILENT = { progress: false } as const;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

describe("event files", () => {
  it("an event file has TensorFlow's bytes for the version", () => {
    expect(base64(fileVersion(golden.version.wallTime))).toBe(golden.version.bytes);
  });

  it.each(golden.events)(
    "an event file has TensorFlow's bytes for the event at step $event.step",
    ({ event: { scalars, ...event }, bytes }) => {
      const numbers =
        scalars &&
        Object.entries(scalars).map(
          ([tag, value]) => [tag, Number(value === ("inf" as never) ? Infinity : value)] as const,
        );
      expect(base64(eventRecord({ ...event, ...(numbers && { scalars: Object.fromEntries(numbers) }) }))).toBe(bytes);
    },
  );
});

/** The records of an event file, without their wall times. */
function recordsOf(folder: string): Buffer[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const records: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = Number(bytes.readBigUInt64LE(at));
        // The first field is the wall time.
        records.push(bytes.subarray(at + 12 + 9, at + 12 + length));
        at += 16 + length;
      }
      return records;
    });
}

/** Returns what the records should be, also without wall times. */
function wanted(...events: readonly Omit<LogEvent, "wallTime">[]): Buffer[] {
  return events.map((event) => Buffer.from(eventRecord({ ...event, wallTime: 1 })).subarray(12 + 9, -4));
}

const VERSION = Buffer.from(fileVersion(1)).subarray(12 + 9, -4);

function interrupted(step: number): Pick<FitOptions, "onBatch"> {
  return {
    onBatch: (event) => {
      if (event.step === step) throw new Error("interrupted");
    },
  };
}

describe("logs of a training", () => {
  it("logs contain each epoch as soon as it is finished", async () => {
    using model = Regression.load();
    const folder = tempFolder();
    const [csv, tensorBoard] = [join(folder, "runs/log.csv"), join(folder, "runs")];
    const lines: number[] = [];
    const history = await fit(model.train, [X, TARGET, 0.1], {
      ...SILENT,
      epochs: 2,
      validation: { signature: model.evaluate, data: [X, TARGET] },
      logs: { csv, tensorBoard },
      onEpoch: () => void lines.push(readFileSync(csv, "utf8").split("\n").length),
    });
    expect(lines).toEqual([3, 4]);
    expect(readFileSync(csv, "utf8")).toBe(history.toCSV());
    const named = (values: object): Record<string, number> =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [`epoch_${name}`, value]));
    const start = { step: 1, isStart: true } as const;
    for (const [run, values] of [
      ["train", ({ metrics, constants }: History["epochs"][number]) => ({ ...metrics, ...constants })],
      ["validation", ({ validation }: History["epochs"][number]) => validation ?? {}],
    ] as const) {
      const events = history.epochs.map((record) => ({ step: record.epoch, scalars: named(values(record)) }));
      expect(recordsOf(join(tensorBoard, run))).toEqual([VERSION, ...wanted(start, ...events)]);
    }
  });

  it("logs of a new training replace older ones", async () => {
    using model = Regression.load();
    const csv = join(tempFolder(), "log.csv");
    writeFileSync(csv, "older\n");
    const history = await fit(model.train, [X, TARGET, 0.1], { ...SILENT, logs: { csv } });
    expect(readFileSync(csv, "utf8")).toBe(history.toCSV());
  });

  it("logs of a resumed training have each epoch and the header once", async () => {
    const folder = tempFolder();
    const csv = join(folder, "log.csv");
    const options = {
      ...SILENT,
      epochs: 4,
      batchSize: 1,
      checkpoints: { directory: join(folder, "checkpoint"), everySteps: 4, resume: true },
      logs: { csv, tensorBoard: join(folder, "board") },
    } as const;
    // After two epochs, and after the checkpoint in the second of them.
    using first = Regression.load();
    await expect(fit(first.train, [X, TARGET, 0.1], { ...options, ...interrupted(7) })).rejects.toThrow("interrupted");
    expect(readFileSync(csv, "utf8").split("\n").length).toBe(4);
    // As a process that is killed may leave it.
    writeFileSync(csv, readFileSync(csv, "utf8").slice(0, -9));
    using second = Regression.load();
    const history = await fit(second.train, [X, TARGET, 0.1], options);
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(readFileSync(csv, "utf8")).toBe(history.toCSV());
    const events = history.epochs.map(({ epoch, metrics, constants }) => ({
      step: epoch,
      scalars: Object.fromEntries(
        Object.entries({ ...metrics, ...constants }).map(([name, value]) => [`epoch_${name}`, value]),
      ),
    }));
    // From the second start on, what the first file has of epoch 2 no longer counts.
    expect(recordsOf(join(folder, "board/train"))).toEqual([
      VERSION,
      ...wanted({ step: 1, isStart: true }, ...events.slice(0, 2)),
      VERSION,
      ...wanted({ step: 2, isStart: true }, ...events.slice(1)),
    ]);
  });

  it("rejects logs that cannot be written before the first step", async () => {
    using model = Regression.load();
    const before = model.weights();
    const folder = tempFolder();
    writeFileSync(join(folder, "file"), "");
    for (const logs of [
      { csv: folder },
      { csv: join(folder, "file/log.csv") },
      { tensorBoard: join(folder, "file") },
    ]) {
      const { rawMessage } = await expectRejection(
        fit(model.train, [X, TARGET, 0.1], { ...SILENT, logs }),
        "WRITE_FAILED",
      );
      expect(rawMessage).toMatch(/^fit\(\) logs: .* cannot be written: /);
    }
    await expectRejection(
      fit(model.train, [X, TARGET, 0.1], { ...SILENT, logs: { tsv: "x" } as never }),
      "INVALID_OPTION",
    );
    expect(model.weights()).toEqual(before);
  });
});

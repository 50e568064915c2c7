import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Regression } from "../../../generated/regression.js";
import { type EpochRecord, type FitOptions, fit, History } from "../../../runtime/index.js";
import { logWriters } from "../../../runtime/training/logs/epoch-logs.js";
import { eventRecord, fileVersion, type LogEvent } from "../../../runtime/training/logs/event-file.js";
import { expectRejection } from "../../support/errors.js";
import { start } from "../../support/library.js";
import { tempFolder } from "../../support/temp.js";
import { trainings } from "./trainings.js";

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

  it("have whole lines, and each epoch once, after three processes that were killed and left parts of lines", async () => {
    const [directory, csv] = [join(tempFolder(), "checkpoint"), join(tempFolder(), "log.csv")];
    const run = async (killAtStep: number): Promise<unknown> => {
      const parameters = ["schedule", directory, "2", killAtStep, csv].map(String);
      return (await start("test/runtime/training/resumed-training.ts", parameters).ended).signal;
    };
    for (const [step, part] of [
      [6, "2,1"],
      [11, "3,15,80,0.01\n4"],
      [14, "\u0000"],
    ] as const) {
      expect(await run(step)).toBe("SIGKILL");
      // What was written by then is whole lines of equal length.
      const lines = readFileSync(csv, "utf8").split("\n");
      expect(lines.pop()).toBe("");
      expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
      appendFileSync(csv, part);
    }
    expect(await run(0)).toBe(null);
    const alone = join(tempFolder(), "alone.csv");
    await trainings.schedule({ logs: { csv: alone } });
    const withoutSeconds = (path: string): string[] =>
      readFileSync(path, "utf8")
        .split("\n")
        .map((line) => line.split(",").toSpliced(3, 1).join(","));
    expect(withoutSeconds(csv)).toEqual(withoutSeconds(alone));
    expect(readdirSync(dirname(csv))).toEqual(["log.csv"]);
  }, 600_000);

  it.each([
    ["as it was left", (text: string) => text],
    ["with a part of a line", (text: string) => `${text}3,`],
    ["cut off in a line that is to stay", (text: string) => text.slice(0, -4)],
    ["that another program has rewritten", () => "other,columns\r\n1,2\r\n"],
    ["empty", () => ""],
  ])("go on from a table %s", async (_, leave) => {
    const folder = tempFolder();
    const csv = join(folder, "log.csv");
    const checkpoints = { directory: join(folder, "checkpoint"), resume: true } as const;
    for (const epochs of [2, 4]) {
      using model = Regression.load();
      const history = await fit(model.train, [X, TARGET, 0.1], { ...SILENT, epochs, checkpoints, logs: { csv } });
      expect(readFileSync(csv, "utf8")).toBe(history.toCSV());
      writeFileSync(csv, leave(readFileSync(csv, "utf8")));
    }
  });

  it("add a line to the table, and rewrite it only for a new column", () => {
    const csv = join(tempFolder(), "log.csv");
    const [log] = logWriters({ csv });
    const records: EpochRecord[] = [];
    const files: number[] = [];
    log?.onStart?.({ epochs: 4, steps: 1, rows: 1, finished: [] });
    for (const metrics of [{ loss: 1 }, { loss: 0.5 }, { loss: 0.25, mae: 2 }, { mae: 1 }] as const) {
      const record = { epoch: records.length + 1, step: 1, rows: 1, seconds: 1, metrics: { ...metrics } };
      records.push(record);
      log?.onEpoch?.(record);
      files.push(statSync(csv).ino);
      expect(readFileSync(csv, "utf8")).toBe(new History(records).toCSV());
    }
    const [first, second, third, fourth] = files;
    expect([second, fourth]).toEqual([first, third]);
    expect(third).not.toBe(first);
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

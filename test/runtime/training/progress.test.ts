import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { progressObserver } from "../../../runtime/training/progress/progress-line.js";
import { sparkline } from "../../../runtime/training/progress/sparkline.js";
import type { BatchEvent, EpochRecord, Metrics, TrainingObserver } from "../../../runtime/training/records/events.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.stubEnv("TERM", "xterm");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A stream that keeps what is written, escape characters as `␛`; a terminal where it has columns. */
function stream(columns?: number): { readonly target: NodeJS.WriteStream; readonly written: () => string } {
  let written = "";
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      written += chunk;
      done();
    },
  });
  const target = Object.assign(sink, columns === undefined ? {} : { isTTY: true, columns }) as unknown;
  return { target: target as NodeJS.WriteStream, written: () => written.replaceAll("\u001b", "␛") };
}

/** The final contents of the terminal: each line as it was drawn last. */
function screen(written: string): readonly string[] {
  const lines: string[] = [""];
  let column = 0;
  for (const [token] of written.matchAll(/␛\[(?:1G|0?K)|\n|[^␛\n]/gu)) {
    const line = lines.at(-1) ?? "";
    if (token === "\n") {
      lines.push("");
      column = 0;
    } else if (token === "␛[1G") column = 0;
    else if (token.startsWith("␛")) lines[lines.length - 1] = line.slice(0, column);
    else lines[lines.length - 1] = line.slice(0, column) + token + line.slice(++column);
  }
  return lines;
}

interface Run {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly isKnown?: boolean;
  /** Milliseconds. */
  readonly stepTime: number;
  readonly metrics?: (step: number) => Metrics;
  readonly validation?: Metrics;
  /** After the step that is the last one. */
  readonly until?: number;
}

/** Reports a training with this number of steps to an observer, as time passes. */
function train(observer: TrainingObserver, run: Run): void {
  const { epochs, stepsPerEpoch, isKnown = true, stepTime, until = Number.POSITIVE_INFINITY } = run;
  const { metrics = (step) => ({ loss: 1 / step }), validation } = run;
  const steps = isKnown ? stepsPerEpoch : undefined;
  observer.onStart?.({ epochs, steps, rows: steps && steps * 32 });
  try {
    let step = 0;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (let stepOfEpoch = 1; stepOfEpoch <= stepsPerEpoch; stepOfEpoch++) {
        vi.advanceTimersByTime(stepTime);
        step++;
        const event: BatchEvent = { epoch, step, stepOfEpoch, rows: 32, metrics: {}, means: metrics(step) };
        observer.onBatch?.(event);
        if (step >= until) return;
      }
      const seconds = (stepsPerEpoch * stepTime) / 1000;
      const record: EpochRecord = { epoch, step, rows: stepsPerEpoch * 32, seconds, metrics: metrics(step) };
      observer.onEpoch?.(validation === undefined ? record : { ...record, validation });
    }
  } finally {
    observer.onEnd?.();
  }
}

describe("progress in a log", () => {
  it("a log has one plain line per epoch", () => {
    const { target, written } = stream();
    train(progressObserver(target), { epochs: 10, stepsPerEpoch: 50, stepTime: 20, validation: { loss: 0.25 } });
    const lines = written().split("\n");
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe("epoch  1/10  1.00 s  loss 0.02  validation loss 0.25");
    expect(lines[9]).toBe("epoch 10/10  1.00 s  loss 0.002  validation loss 0.25");
    expect(lines[10]).toBe("");
  });

  it("a terminal that can only print gets a log", () => {
    vi.stubEnv("TERM", "dumb");
    const { target, written } = stream(80);
    train(progressObserver(target), { epochs: 1, stepsPerEpoch: 1, stepTime: 1 });
    expect(written()).toBe("epoch 1/1  0.00 s  loss 1\n");
  });

  it("a log escapes names, and shows non-finite numbers", () => {
    const { target, written } = stream();
    const metrics = { "a\u001b[2J\n": Number.NaN, b: Number.NEGATIVE_INFINITY, c: 1.5e-9, d: 123456.7 };
    train(progressObserver(target), { epochs: 1, stepsPerEpoch: 1, stepTime: 90_000, metrics: () => metrics });
    expect(written()).toBe("epoch 1/1  1:30  a\\u{1b}[2J\\u{a} NaN  b -Infinity  c 1.5e-9  d 123457\n");
  });

  it("a log goes to standard error by default", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    vi.stubEnv("TERM", "dumb");
    train(progressObserver(), { epochs: 1, stepsPerEpoch: 1, stepTime: 1 });
    const calls = write.mock.calls.map(([text]) => text);
    write.mockRestore();
    expect(calls).toEqual(["epoch 1/1  0.00 s  loss 1\n"]);
  });
});

describe("progress on a terminal", () => {
  const lastDrawn = (run: Run, columns = 100): string => {
    const { target, written } = stream(columns);
    train(progressObserver(target), run);
    return screen(written()).at(-2) ?? "";
  };

  it("a terminal shows the epoch, the step, the speed, the remaining time, and the metrics", () => {
    expect(lastDrawn({ epochs: 3, stepsPerEpoch: 400, stepTime: 100, until: 120 })).toBe(
      "epoch 1/3  step 120/400  320 rows/s  1:48 left  loss 0.008333",
    );
  });

  it("a terminal estimates the time of an epoch from the previous one", () => {
    expect(lastDrawn({ epochs: 3, stepsPerEpoch: 100, isKnown: false, stepTime: 100, until: 250 })).toBe(
      "epoch 3/3  step 50  320 rows/s  0:05 left  loss 0.004",
    );
  });

  it("a terminal shows the elapsed time if the total is unknown", () => {
    expect(lastDrawn({ epochs: 3, stepsPerEpoch: 100, isKnown: false, stepTime: 1000, until: 75 })).toBe(
      "epoch 1/3  step 75  32 rows/s  1:15 so far  loss 0.01333",
    );
    expect(lastDrawn({ epochs: 3, stepsPerEpoch: 100, stepTime: 100, until: 5 })).toContain("0:01 so far");
  });

  it("a terminal never shows a negative remaining time", () => {
    const { target, written } = stream(100);
    const observer = progressObserver(target);
    train(observer, { epochs: 1, stepsPerEpoch: 10, isKnown: false, stepTime: 200 });
    observer.onStart?.({ epochs: 1, steps: 10, rows: 320 });
    vi.advanceTimersByTime(5000);
    observer.onBatch?.({ epoch: 1, step: 20, stepOfEpoch: 20, rows: 32, metrics: {}, means: {} });
    expect(screen(written()).at(-1)).toContain("0:00 left");
  });

  it("a terminal is updated at most ten times a second", () => {
    const { target, written } = stream(100);
    train(progressObserver(target), { epochs: 1, stepsPerEpoch: 10_000, stepTime: 1 });
    expect(written().match(/␛\[1G/g)?.length).toBeLessThanOrEqual(101);
    expect(written().match(/step/g)?.length).toBeGreaterThan(90);
  });

  it("a terminal keeps a line for each epoch, with a sparkline of the loss", () => {
    const { target, written } = stream(100);
    const metrics = (step: number): Metrics => ({ accuracy: 0.5, loss: 1 / step });
    train(progressObserver(target), { epochs: 4, stepsPerEpoch: 10, stepTime: 50, metrics, validation: { loss: 0.5 } });
    expect(screen(written())).toEqual([
      "epoch 1/4  0.50 s  accuracy 0.5  loss 0.1  validation loss 0.5",
      "epoch 2/4  0.50 s  accuracy 0.5  loss 0.05  validation loss 0.5  █▁",
      "epoch 3/4  0.50 s  accuracy 0.5  loss 0.03333  validation loss 0.5  █▂▁",
      "epoch 4/4  0.50 s  accuracy 0.5  loss 0.025  validation loss 0.5  █▃▁▁",
      "",
    ]);
  });

  it.each([20, 40, 61])("progress fits %i columns, with names of any width", (columns) => {
    const { target, written } = stream(columns);
    const metrics = { loss: 0.123456, 損失関数の値: 1, [`${"x".repeat(100)}`]: 2 };
    train(progressObserver(target), { epochs: 30, stepsPerEpoch: 5, stepTime: 200, metrics: () => metrics });
    const drawn = written().split(/\n|␛\[1G␛\[0K/);
    expect(drawn.length).toBeGreaterThan(100);
    for (const line of drawn) {
      expect(line).not.toContain("␛");
      const wide = line.match(/[\u3000-\u9fff]/g)?.length ?? 0;
      expect(line.length + wide, line).toBeLessThan(columns);
    }
  });

  it("progress ends with a line break after an error, and restores the cursor", () => {
    const { target, written } = stream(100);
    train(progressObserver(target), { epochs: 2, stepsPerEpoch: 10, stepTime: 200, until: 5 });
    expect(written().endsWith("\n")).toBe(true);
    expect(screen(written())).toEqual(["epoch 1/2  step  5/10  160 rows/s  0:03 left  loss 0.2", ""]);
    // Only the column and the rest of the line are touched.
    expect(written().replaceAll(/␛\[(1G|0K)/g, "")).not.toContain("␛");
  });
});

describe("sparkline", () => {
  it.each<readonly [readonly number[], number, string]>([
    [[], 10, ""],
    [[1, 2, 3], 0, ""],
    [[8, 7, 6, 5, 4, 3, 2, 1, 0], 20, "█▇▆▅▄▃▂▁▁"],
    [[1, Number.NaN, 2, Number.POSITIVE_INFINITY, 1], 20, "▁ █ ▁"],
    [[0.5, 0.5], 20, "▅▅"],
    [[1.7e308, -1.7e308, 0], 20, "█▁▄"],
    [[4, 2, 2, 0], 2, "█▁"],
  ])("the sparkline of %o in %i columns is %s", (values, width, expected) => {
    expect(sparkline(values, width)).toBe(expected);
  });

  it("the sparkline of many numbers has the maximum length", () => {
    const values = Array.from({ length: 10_000 }, (_, index) => -index);
    expect(sparkline(values, 24)).toHaveLength(24);
    expect(sparkline(values, 24)).toMatch(/^█+▇+▆+▅+▄+▃+▂+▁+$/);
  });
});

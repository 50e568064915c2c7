import { describe, expect, it } from "vitest";
import { Digits } from "../../../generated/digits.js";
import { fit, type History } from "../../../runtime/index.js";
import { watchedMetric } from "../../../runtime/training/early-stopping.js";
import type { EarlyStopping } from "../../../runtime/training/options/fit-options.js";
import { expectError, expectRejection } from "../../support/errors.js";

const ASKER = { call: "fit()", example: (monitor: string, mode: string) => `${monitor} ${mode}` };

function watched(monitor: string | undefined, mode: EarlyStopping["mode"], metrics: string, validation = ""): string {
  const asked = { ...(monitor !== undefined && { monitor }), ...(mode !== undefined && { mode }) };
  const found = watchedMetric(asked, names(metrics), names(validation), ASKER);
  return `${found.monitor} ${found.mode}`;
}

function names(text: string): readonly string[] {
  return text.split(" ").filter(Boolean);
}

describe("the default monitor", () => {
  it.each([
    ["accuracy loss", "", "loss min"],
    ["accuracy loss", "accuracy loss", "validation_loss min"],
    ["loss", "accuracy mae mse", "validation_mae min"],
    ["accuracy mean_squared_error", "", "mean_squared_error min"],
    ["auc totalLoss", "", "totalLoss min"],
    ["kl loss_1", "", "loss_1 min"],
  ])("for %j and validation %j the default monitor is %s", (metrics, validation, want) => {
    expect(watched(undefined, undefined, metrics, validation)).toBe(want);
  });

  it("the default monitor is the only metric, with the given mode", () => {
    expect(watched(undefined, "max", "accuracy")).toBe("accuracy max");
    expect(watched(undefined, "max", "loss", "auc")).toBe("validation_auc max");
  });

  it('mode "max" does not choose a loss as the monitor', () => {
    const { message } = expectError(() => watched(undefined, "max", "accuracy loss"), "INVALID_OPTION");
    expect(message).toBe(
      'INVALID_OPTION: fit(): cannot choose a metric to monitor. Known metrics: "accuracy", "loss". Set it, e.g. accuracy max.',
    );
  });

  it("monitor is required if there are several metrics and no loss", () => {
    expectError(() => watched(undefined, "min", "accuracy perplexing"), "INVALID_OPTION");
    expectError(() => watched(undefined, undefined, "loss", "accuracy auc"), "INVALID_OPTION");
  });
});

describe("the default mode", () => {
  it.each(["loss", "val_loss", "mae", "meanAbsoluteError", "rmse_2", "binary_crossentropy", "MSE", "perplexity"])(
    "mode defaults to min for %s",
    (name) => {
      expect(watched(name, undefined, name)).toBe(`${name} min`);
      expect(watched(name, "max", name)).toBe(`${name} max`);
    },
  );

  it.each([
    ...["accuracy", "auc", "f1", "precision", "r2", "recall", "score", "top_5_accuracy"],
    ...["loss_scale", "lossless", "neg_mean_squared_error", "output_0", "step", "terror"],
  ])("mode is required for %s", (name) => {
    expect(expectError(() => watched(name, undefined, name), "INVALID_OPTION").message).toBe(
      `INVALID_OPTION: fit(): cannot tell whether "${name}" should be minimized or maximized. Set it, e.g. ${name} max.`,
    );
    expect(watched(name, "min", name)).toBe(`${name} min`);
  });
});

/** Images that are bright where their label says. */
const LABELS = Int32Array.from({ length: 40 }, (_, row) => row % 10);
const IMAGES = Float32Array.from({ length: 40 * 28 * 28 }, (_, place) => {
  const row = Math.floor(place / (28 * 28));
  return Math.floor((place % (28 * 28)) / 78) === LABELS[row] ? 1 : 0;
});

describe("a training whose validation has an accuracy and a loss", () => {
  async function train(model: Digits, earlyStopping: EarlyStopping): Promise<History> {
    return fit(model.train, [IMAGES, LABELS], {
      epochs: 12,
      progress: false,
      validation: { signature: model.evaluate, data: [IMAGES, LABELS] },
      earlyStopping: { restoreBest: true, ...earlyStopping },
    });
  }

  it("monitors the validation loss, and ends with the weights of its minimum", async () => {
    using model = Digits.load();
    const before = model.evaluate(IMAGES, LABELS);
    const history = await train(model, { patience: 3 });
    const losses = history.validation("loss");
    expect(history.monitor).toBe("validation_loss");
    expect(losses[(history.bestEpoch ?? 0) - 1]).toBe(Math.min(...losses));
    const { loss, accuracy } = model.evaluate(IMAGES, LABELS);
    expect(loss).toBeCloseTo(Math.min(...losses), 5);
    expect(accuracy).toBeGreaterThan(before.accuracy);
  });

  it('monitors the accuracy with mode "max"', async () => {
    using model = Digits.load();
    const history = await train(model, { patience: 12, monitor: "validation_accuracy", mode: "max" });
    const accuracies = history.validation("accuracy");
    expect(history.bestEpoch).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);
    expect(model.evaluate(IMAGES, LABELS).accuracy).toBeCloseTo(Math.max(...accuracies), 5);
  });

  it("rejects an ambiguous monitor before the first step", async () => {
    using model = Digits.load();
    const before = model.evaluate(IMAGES, LABELS);
    const { message } = await expectRejection(train(model, { monitor: "validation_accuracy" }), "INVALID_OPTION");
    expect(message).toBe(
      'INVALID_OPTION: fit() earlyStopping: cannot tell whether "validation_accuracy" should be minimized or maximized. ' +
        'Set it, e.g. { monitor: "validation_accuracy", mode: "max" }.',
    );
    expect(model.evaluate(IMAGES, LABELS)).toEqual(before);
  });
});

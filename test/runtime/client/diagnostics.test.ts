import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Spin } from "../../../generated/spin.js";
import { Model } from "../../../runtime/index.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { modelFolder } from "../../support/temp.js";

/** The second is the former name of the first. */
const TIMES = { durationMs: expect.any(Number), duration: expect.any(Number) } as const;

const listeners: [string, (message: unknown) => void][] = [];

/** Collects the messages that are published on a channel. */
function listen(name: string): unknown[] {
  const messages: unknown[] = [];
  const listener = (message: unknown): number => messages.push(message);
  subscribe(name, listener);
  listeners.push([name, listener]);
  return messages;
}

afterEach(() => {
  for (const [name, listener] of listeners.splice(0)) unsubscribe(name, listener);
});

describe("diagnostics channels", () => {
  it("diagnostics channels report loads", () => {
    const loads = listen("savedmodel:load");
    using model = CustomModel.load();
    expect(loads).toEqual([{ directory: model.directory, tags: ["serve"], ...TIMES }]);
  });

  it("diagnostics channels report calls, on this thread and on others", async () => {
    await using model = CustomModel.load();
    const calls = listen("savedmodel:call");
    model.pred([[1, 1]]);
    model.run("pred", { inputs: [[1, 1]] });
    await model.async.train([[1, 1]], [[2]]);
    const { directory } = model;
    expect(calls).toEqual([
      { directory, signature: "pred", mode: "sync", ...TIMES },
      { directory, signature: "pred", mode: "sync", ...TIMES },
      { directory, signature: "train", mode: "async", ...TIMES },
    ]);
  });

  it("diagnostics channels report failures", async () => {
    const errors = listen("savedmodel:error");
    const folder = modelFolder("nowhere");
    const failed = expectError(() => Model.load(folder, { tags: ["serve"] }), "MODEL_NOT_FOUND");
    await using model = Spin.load();
    const refused = expectError(() => model.half([[1]] as never), "INVALID_SHAPE");
    const broken = await expectRejection(model.async.half([[Number.NaN, 1]]), "TF_INVALID_ARGUMENT");
    const { directory } = model;
    expect(errors).toEqual([
      { directory: folder, error: failed },
      { directory, signature: "half", error: refused },
      { directory, signature: "half", error: broken },
    ]);
  });
});

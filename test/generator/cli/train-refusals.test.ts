import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { trainCommand } from "../../../generator/cli/train/train.js";
import type { ErrorCode } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { NO_LIBRARY, planeFolder } from "../../support/plane.js";
import { modelFolder } from "../../support/temp.js";

// This process has no library and gets none.
beforeEach(() => void vi.stubEnv("SAVEDMODEL_TENSORFLOW", NO_LIBRARY.SAVEDMODEL_TENSORFLOW));

describe("savedmodel train without TensorFlow", () => {
  const rate = ["--constant", "learning_rate=0.1"];
  const inputs = ["--input", "x=a,b", "--input", "target=y"];
  const held = ["--validation", "0.2", "--evaluate", "evaluate"];

  it.each<readonly [string, readonly string[], ErrorCode, RegExp]>([
    [
      "too many columns",
      ["--input", "x=a,b,y", "--input", "target=y", ...rate],
      "INVALID_OPTION",
      /--input "x": it takes 2 values per row, got 3 columns/,
    ],
    [
      "columns for a scalar",
      [...inputs, "--input", "learning_rate=y"],
      "INVALID_OPTION",
      /"learning_rate": it is a scalar, .* --constant "learning_rate=0\.1"/,
    ],
    [
      "an input that is not given",
      ["--input", "x=a,b", ...rate],
      "INVALID_OPTION",
      /train\(\) needs its input "target"\. .*The data has "a", "note", "b", "y"/,
    ],
    [
      "a scalar that is not given",
      inputs,
      "INVALID_OPTION",
      /train\(\) needs its input "learning_rate"\. .*--constant/,
    ],
    [
      "an input that no signature has",
      [...inputs, ...rate, "--input", "targets=y"],
      "INVALID_OPTION",
      /--input: unknown input "targets"\. Did you mean "target"\?/,
    ],
    ["a resumption from nowhere", [...inputs, ...rate, "--resume"], "INVALID_OPTION", /--resume needs --checkpoints/],
    [
      "checkpoints in the place of the model",
      [...inputs, ...rate, "--checkpoints", "OUT"],
      "INVALID_OPTION",
      /--checkpoints and --save are the same folder/,
    ],
    ["an input that is given twice", [...inputs, ...rate, "--constant", "x=1"], "INVALID_OPTION", /"x" is given twice/],
    ["an argument without =", [...inputs, ...rate, "--input", "x"], "INVALID_OPTION", /"x" is not of the form <name>=/],
    [
      "a constant that is not a number",
      [...inputs, "--constant", "learning_rate=fast"],
      "INVALID_OPTION",
      /--constant "learning_rate": "fast" is not JSON/,
    ],
    [
      "a constant of another shape",
      [...inputs, "--constant", "learning_rate=[1]"],
      "INVALID_OPTION",
      /--constant "learning_rate": "\[1\]" does not fit: its rank must be 0/,
    ],
    [
      "strings where numbers are expected",
      ["--input", "x=a,note", "--input", "target=y", ...rate],
      "CSV_INVALID",
      /--data: .*plane\.csv: line 2: column "note" is empty; expected a number$/,
    ],
    [
      "a range that runs backwards",
      ["--input", "x=b..a", "--input", "target=y", ...rate],
      "INVALID_OPTION",
      /no column "b\.\.a"/,
    ],
    [
      "a batch size that is not a number",
      [...inputs, ...rate, "--batch-size", "many"],
      "INVALID_OPTION",
      /--batch-size must be a positive integer, got "many"/,
    ],
    ["no epochs", [...inputs, ...rate, "--epochs", "0"], "INVALID_OPTION", /--epochs must be a positive integer/],
    [
      "a seed that is too large",
      [...inputs, ...rate, "--shuffle", "4294967296"],
      "INVALID_OPTION",
      /--shuffle must be an integer from 0 to 4294967295/,
    ],
    [
      "a validation without a signature",
      [...inputs, ...rate, "--validation", "0.2"],
      "INVALID_OPTION",
      /--validation needs --evaluate/,
    ],
    [
      "a signature without a validation",
      [...inputs, ...rate, "--evaluate", "evaluate"],
      "INVALID_OPTION",
      /--evaluate needs --validation/,
    ],
    [
      "all rows for the validation",
      [...inputs, ...rate, "--validation", "1", "--evaluate", "evaluate"],
      "INVALID_OPTION",
      /--validation must be a number between 0 and 1, got "1"/,
    ],
    [
      "a validation by the signature that is trained",
      [...inputs, ...rate, "--validation", "0.2", "--evaluate", "train"],
      "INVALID_OPTION",
      /--evaluate: "train" is the signature being trained/,
    ],
    [
      "a validation by a signature that measures nothing",
      [...inputs, ...rate, "--validation", "0.2", "--evaluate", "pred"],
      "NOT_TRAINABLE",
      /pred\(\) has no scalar output/,
    ],
    [
      "a signature that is not there",
      [...inputs, ...rate, "--signature", "trian"],
      "SIGNATURE_NOT_FOUND",
      /Did you mean "train"\?/,
    ],
    [
      "a signature that measures nothing",
      ["--input", "x=a,b", "--signature", "pred"],
      "NOT_TRAINABLE",
      /pred\(\) has no scalar output/,
    ],
    [
      "a metric that is not there",
      [...inputs, ...rate, ...held, "--early-stopping", "3:validation_mea"],
      "INVALID_OPTION",
      /unknown metric "validation_mea"\. Did you mean "validation_mae"\?/,
    ],
    [
      "a patience that is no number",
      [...inputs, ...rate, "--early-stopping", "loss"],
      "INVALID_OPTION",
      /--early-stopping must be a non-negative integer, got "loss"/,
    ],
    [
      "a history that is not a JSON file",
      [...inputs, ...rate, "--history", "history"],
      "INVALID_OPTION",
      /--history: "history" does not end in \.json/,
    ],
    [
      "one file for two things",
      [...inputs, ...rate, "--csv", "PLANE"],
      "INVALID_OPTION",
      /--csv and --data are the same file/,
    ],
  ])("train rejects %s, without loading TensorFlow", async (_, parameters, code, message) => {
    const folder = planeFolder();
    const data = join(folder, "plane.csv");
    const all = parameters.map((text) => (text === "PLANE" ? data : text === "OUT" ? join(folder, "out") : text));
    const running = trainCommand().parseAsync(
      [modelFolder("regression"), "--data", data, "--save", join(folder, "out"), ...all],
      { from: "user" },
    );
    expect((await expectRejection(running, code)).message).toMatch(message);
    expect(readdirSync(folder)).toEqual(["plane.csv"]);
  });

  it("train rejects a model with nothing to train, without loading TensorFlow", async () => {
    const folder = planeFolder();
    const parameters = [
      "--data",
      join(folder, "plane.csv"),
      "--save",
      join(folder, "out"),
      "--signature",
      "odd_defaults",
    ];
    const running = trainCommand().parseAsync([modelFolder("dtypes"), ...parameters], { from: "user" });
    expect((await expectRejection(running, "NOT_TRAINABLE")).message).toMatch(/dtypes has no variables to train$/);
  });

  it("train requires :max for a metric that is not a loss, without loading TensorFlow", async () => {
    const folder = planeFolder();
    const parameters = [
      "--data",
      join(folder, "plane.csv"),
      "--save",
      join(folder, "out"),
      "--early-stopping",
      "3:accuracy",
    ];
    const running = trainCommand().parseAsync(
      [fileURLToPath(new URL("../../../examples/models/digits", import.meta.url)), ...parameters],
      { from: "user" },
    );
    const { message } = await expectRejection(running, "INVALID_OPTION");
    expect(message).toBe(
      'INVALID_OPTION: --early-stopping: cannot tell whether "accuracy" should be minimized or maximized. ' +
        'Set it, e.g. --early-stopping "3:accuracy:max".',
    );
  });
});

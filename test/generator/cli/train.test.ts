import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readCsv, seededRandom, shuffledIndices, split } from "savedmodel/data";
import { beforeAll, describe, expect, it } from "vitest";
import { History, Model, Tensor } from "../../../runtime/index.js";
import type { Finished } from "../../support/cli.js";
import { HEIGHTS, NO_LIBRARY, npzArchive, POINTS, planeFolder, ROWS } from "../../support/plane.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const command = [
  "--import",
  pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href,
  join(root, "generator/cli/main.ts"),
  "train",
];
const { FORCE_COLOR: _, COLUMNS: __, ...plain } = process.env;

/** Runs `savedmodel train` on the sources, as a user would, without a terminal. */
function train(cwd: string, model: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, model, ...parameters], {
    cwd,
    env: { ...plain, ...env },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const DATA = ["--data", "plane.csv"];
const REGRESSION = [...DATA, "--input", "x=a,b", "--input", "target=y", "--constant", "learning_rate=0.1"];

/** Trains with a loop over `Model.run`: the mean loss of each epoch, and the model. */
function byHand(rate: number, epochs: number, size: number): { readonly model: Model; readonly losses: number[] } {
  const model = Model.load(modelFolder("regression"));
  const losses = Array.from({ length: epochs }, () => {
    let sum = 0;
    for (let from = 0; from < ROWS; from += size) {
      const x = POINTS.slice(from, from + size);
      const target = HEIGHTS.slice(from, from + size).map((height) => [height]);
      const { loss } = model.run("train", { x, target, learning_rate: rate });
      sum += Number((loss as Tensor<"float32", []>).item()) * x.length;
    }
    return sum / ROWS;
  });
  return { model, losses };
}

function readHistory(path: string): History {
  return History.fromJSON(JSON.parse(readFileSync(path, "utf8")));
}

describe("savedmodel train", () => {
  it("train makes the same steps as a loop over Model.run, and saves their weights", async () => {
    const folder = planeFolder();
    const written = ["--save", "out", "--history", "h.json", "--csv", "new/loss.csv", "--plot", "loss.svg"];
    const { status, stdout, stderr } = train(folder, modelFolder("regression"), [
      ...REGRESSION,
      "--epochs",
      "3",
      "--batch-size",
      "16",
      ...written,
    ]);
    expect(status, stderr).toBe(0);
    const { model, losses } = byHand(0.1, 3, 16);
    using _model = model;
    const history = readHistory(join(folder, "h.json"));
    expect(history.metric("loss")).toEqual(losses);
    expect(history.epochs.map(({ constants }) => constants)).toEqual(Array(3).fill({ learning_rate: 0.1 }));
    using saved = Model.load(join(folder, "out"));
    expect(saved.run("weights")).toEqual(model.run("weights"));
    const table = await readCsv(join(folder, "new/loss.csv"));
    expect([...(table.column("loss") as Float64Array)]).toEqual(losses);
    expect(readFileSync(join(folder, "loss.svg"), "utf8")).toBe(history.toSVG());

    const mae = history.metric("mae").at(-1) ?? Number.NaN;
    expect(stdout.split("\n")).toEqual([
      "70 rows to train with",
      `wrote out  epoch 3: loss ${Number(losses[2]?.toPrecision(4))}, mae ${Number(mae.toPrecision(4))}`,
      "wrote h.json",
      "wrote new/loss.csv",
      "wrote loss.svg",
      "",
    ]);
    expect(stderr).toMatch(/^epoch 1\/3 .*loss .*\nepoch 2\/3 .*\nepoch 3\/3 .*\n$/);
    expect(`${stdout}${stderr}`.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(Math.max(...`${stdout}${stderr}`.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("train passes single rows, ordered by the seed, to a model that takes one row at a time", () => {
    const folder = planeFolder();
    const inputs = ["--input", "training_input=a,b", "--input", "training_target=y"];
    const all = [...DATA, ...inputs, "--epochs", "2", "--shuffle", "7", "--save", "out", "--history", "h.json"];
    const { status, stdout, stderr } = train(folder, modelFolder("custom_model"), [...all, "--quiet"]);
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
    using model = Model.load(modelFolder("custom_model"));
    const random = seededRandom(7);
    const losses = [1, 2].map(() => {
      let sum = 0;
      for (const row of shuffledIndices(ROWS, random)) {
        const step = { training_input: [POINTS[row]], training_target: [[HEIGHTS[row]]] };
        sum += Number((model.run("train", step).loss as Tensor<"float32", []>).item());
      }
      return sum / ROWS;
    });
    expect(readHistory(join(folder, "h.json")).metric("loss")).toEqual(losses);
    using saved = Model.load(join(folder, "out"));
    const point = { inputs: [[0.5, 0.25]] };
    expect(saved.run("pred", point)).toEqual(model.run("pred", point));
  });

  it("train continues from its checkpoints, and writes TensorBoard logs", () => {
    const folder = planeFolder();
    const all = [...REGRESSION, "--shuffle", "1", "--save", "out", "--checkpoints", "ck", "--history", "h.json"];
    const more = ["--resume", "--tensorboard", "board"];
    for (const epochs of ["2", "4"]) {
      const { status, stderr } = train(folder, modelFolder("regression"), [...all, ...more, "--epochs", epochs]);
      expect(status, stderr).toBe(0);
      if (epochs === "4") expect(stderr).toMatch(/^note: resumed after step 6, at the end of epoch 2\nepoch 3\/4 /);
    }
    const resumed = readHistory(join(folder, "h.json"));
    expect(readdirSync(join(folder, "board/train")).length).toBe(2);
    expect(readdirSync(join(folder, "ck"))).toContain("savedmodel.training");
    expect(readdirSync(join(folder, "out"))).not.toContain("savedmodel.training");
    using model = Model.load(join(folder, "out"));

    const alone = [...REGRESSION, "--shuffle", "1", "--epochs", "4", "--save", "alone", "--history", "alone.json"];
    expect(train(folder, modelFolder("regression"), alone).status).toBe(0);
    using other = Model.load(join(folder, "alone"));
    expect(model.run("weights")).toEqual(other.run("weights"));
    expect(resumed.metric("loss")).toEqual(readHistory(join(folder, "alone.json")).metric("loss"));

    const fewer = train(folder, modelFolder("regression"), [...all, "--resume", "--epochs", "3"]);
    expect(fewer.status).toBe(1);
    expect(fewer.stderr).toContain("RESTORE_FAILED: fit(): the training cannot be resumed from ck: it is of epoch 4");
  });

  it("train keeps validation rows back, evaluates them, and saves the weights of the best epoch", () => {
    const folder = planeFolder();
    const validation = ["--validation", "0.2", "--evaluate", "evaluate", "--early-stopping", "2:validation_mae:min"];
    // So large a rate that epochs get better and worse.
    const rate = ["--constant", "learning_rate=0.7", "--epochs", "50", "--batch-size", "8"];
    const all = [...DATA, "--input", "x=a,b", "--input", "target=y", ...rate, ...validation];
    const finished = train(folder, modelFolder("regression"), [...all, "--save", "out", "--history", "h.json"]);
    expect(finished.status, finished.stderr).toBe(0);
    expect(finished.stdout).toMatch(/^56 rows to train with, 14 to validate with\n/);
    const history = readHistory(join(folder, "h.json"));
    const best = Math.min(...history.validation("mae"));
    const bestEpoch = history.validation("mae").indexOf(best) + 1;
    expect([history.bestEpoch, history.epochs.length]).toEqual([bestEpoch, bestEpoch + 2]);
    expect(finished.stdout).toContain(`epoch ${bestEpoch}, the best by "validation_mae": `);

    const x = Tensor.from("float32", POINTS.flat(), [ROWS, 2]);
    const target = Tensor.from("float32", HEIGHTS, [ROWS, 1]);
    const held = split({ x, target }, { validation: 0.2, seed: 0 }).validation;
    using saved = Model.load(join(folder, "out"));
    const { mae } = saved.run("evaluate", held);
    expect(Number((mae as Tensor<"float32", []>).item())).toBe(best);
  });

  it("train resets accumulating metrics before each epoch, and names them with --no-reset", () => {
    const folder = tempFolder();
    const golden = JSON.parse(readFileSync(modelFolder("metrics.training.json"), "utf8")) as {
      readonly x: readonly (readonly number[])[];
      readonly label: readonly number[];
      readonly trainings: readonly { readonly history: { readonly auc: readonly number[] } }[];
    };
    const lines = golden.x.map((row, index) => [...row, golden.label[index]].join(","));
    writeFileSync(join(folder, "rows.csv"), ["a,b,c,label", ...lines, ""].join("\n"));
    const parameters = ["--data", "rows.csv", "--input", "x=a,b,c", "--epochs", "4", "--batch-size", "16"];
    const run = (...more: readonly string[]): { readonly auc: readonly number[]; readonly finished: Finished } => {
      const written = ["--save", "out", "--history", "h.json"];
      const finished = train(folder, modelFolder("metrics"), [...parameters, ...written, ...more]);
      return { finished, auc: finished.status === 0 ? readHistory(join(folder, "h.json")).metric("auc") : [] };
    };
    const found = run();
    const [{ history } = { history: { auc: [] } }] = golden.trainings;
    expect(found.finished.stderr).toContain("note: reset_metrics() is called before each epoch");
    for (const [epoch, want] of history.auc.entries()) expect(found.auc[epoch]).toBeCloseTo(want, 5);
    expect(run("--reset", "reset_metrics").auc).toEqual(found.auc);
    expect(run("--reset", "reset_measure").finished.stderr).toContain('note: "auc" of train() is not of one epoch');
    expect(run("--no-reset").auc).not.toEqual(found.auc);
    const wrong = run("--reset", "evaluate").finished;
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      'error INVALID_OPTION: --reset: "evaluate" takes inputs, such as "x". Choose a signature without inputs.\n',
    ]);
    const unreset = run("--reset", "reset_measure", "--early-stopping", "2:auc:max").finished;
    expect([unreset.status, unreset.stderr.replaceAll(/\s+/g, " ")]).toEqual([
      2,
      'error INVALID_OPTION: fit() earlyStopping: "auc" accumulates from epoch to epoch, because nothing resets it. Name ' +
        "the signature that resets it with --reset <key>, or export one; --no-reset continues without. Nothing was saved. ",
    ]);
  });

  it("train takes the arrays of a .npz file, by the names of the inputs by default", () => {
    const folder = tempFolder();
    const points = Tensor.from("float64", POINTS.flat(), [ROWS, 2]);
    const heights = Tensor.from("float64", HEIGHTS, [ROWS, 1]);
    writeFileSync(join(folder, "plane.npz"), npzArchive({ x: points, height: heights }));
    const all = ["--data", "plane.npz", "--input", "target=height", "--constant", "learning_rate=0.1", "--save", "out"];
    const { status, stderr } = train(folder, modelFolder("regression"), all);
    expect(status, stderr).toBe(0);
    const { model } = byHand(0.1, 1, 32);
    using _model = model;
    using saved = Model.load(join(folder, "out"));
    expect(saved.run("weights")).toEqual(model.run("weights"));
  });

  it("train takes strings, and a range of columns for an input with several dimensions", () => {
    const folder = tempFolder();
    const texts = ["text;kind", "the parcel is late;0", "7;1", '"my card; charged twice";1', "error on login;2"];
    writeFileSync(join(folder, "texts.csv"), `${texts.join("\n")}\n`);
    const sentences = ["--data", "texts.csv", "--delimiter", ";", "--input", "texts=text", "--input", "labels=kind"];
    const rate = ["--constant", "learning_rate=1", "--save", "sentences", "--quiet"];
    const first = train(folder, join(root, "examples/models/sentences"), [...sentences, ...rate]);
    expect([first.status, first.stderr]).toEqual([0, ""]);

    const pixels = Array.from({ length: 28 * 28 }, (_, index) => `p${index}`);
    const lines = [0, 1, 2].map((digit) => [...pixels.map((_, index) => (index * (digit + 1)) % 5), digit].join());
    writeFileSync(join(folder, "digits.csv"), `${[[...pixels, "digit"].join(), ...lines].join("\n")}\n`);
    const digits = ["--data", "digits.csv", "--input", "images=p0..p783", "--input", "labels=digit"];
    const all = [...digits, "--epochs", "60", "--save", "digits", "--quiet"];
    const second = train(folder, join(root, "examples/models/digits"), all);
    expect([second.status, second.stderr]).toEqual([0, ""]);
    using trained = Model.load(join(folder, "digits"));
    const images = Tensor.from(
      "float32",
      lines.flatMap((line) => line.split(",").slice(0, -1).map(Number)),
      [3, 28, 28],
    );
    // It has learned its three pictures by heart.
    expect((trained.run("predict", { images }).digits as Tensor).toArray()).toEqual([0, 1, 2]);
  });

  it("train ignores SIGHUP, finishes and saves", async () => {
    const folder = planeFolder();
    const all = [...REGRESSION, "--epochs", "400", "--save", "out"];
    const child = spawn(process.execPath, [...command, modelFolder("regression"), ...all], { cwd: folder, env: plain });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr === "") child.kill("SIGHUP");
      stderr += text;
      // Whoever reads has gone with the terminal.
      child.stderr.destroy();
    });
    const ended = await new Promise((resolve) => child.on("close", (status, signal) => resolve([status, signal])));
    expect(ended).toEqual([0, null]);
    expect(stdout).toMatch(/\nwrote out {2}epoch 400: loss .*\n$/);
    using trained = Model.load(join(folder, "out"));
    expect(trained.signatures.length).toBeGreaterThan(0);
  });

  it.each([
    ["Ctrl+C", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 143],
  ] as const)("train stops between two steps at %s, and saves the model", async (_, signal, code) => {
    const folder = planeFolder();
    const all = [...REGRESSION, "--epochs", "100000000", "--save", "out", "--csv", "loss.csv"];
    const child = spawn(process.execPath, [...command, modelFolder("regression"), ...all], { cwd: folder, env: plain });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr === "") {
        // Twice, as with a version of npx that passes on what the terminal has sent already.
        child.kill(signal);
        child.kill(signal);
      }
      stderr += text;
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status).toBe(code);
    const last = Number(/interrupted after step (\d+): the model is saved as it was then\n$/.exec(stderr)?.[1]);
    expect(last).toBeGreaterThan(0);
    expect(stdout).toMatch(/\nwrote out {2}epoch \d+: loss .*\nwrote loss.csv\n$/);
    const table = await readCsv(join(folder, "loss.csv"));
    const steps = table.column("step") as Float64Array;
    // Three steps an epoch: the one that was not finished is not in the file.
    expect([Math.floor((last - 1) / 3) * 3, Math.floor(last / 3) * 3]).toContain(steps.at(-1));
    const { model } = byHand(0.1, Math.floor(last / 3), 32);
    using _model = model;
    for (let from = 0; from < last % 3; from++) {
      const [x, target] = [POINTS.slice(32 * from, 32 * from + 32), HEIGHTS.slice(32 * from, 32 * from + 32)];
      model.run("train", { x, target: target.map((height) => [height]), learning_rate: 0.1 });
    }
    using saved = Model.load(join(folder, "out"));
    expect(saved.run("weights")).toEqual(model.run("weights"));
  });
});

describe("savedmodel train with errors", () => {
  it("a training that fails writes nothing and keeps existing files", () => {
    const folder = planeFolder();
    const parameters = [...DATA, "--input", "x=a,b", "--input", "target=y", "--save", "out", "--csv", "loss.csv"];
    const regression = modelFolder("regression");
    expect(train(folder, regression, [...parameters, "--constant", "learning_rate=0.1"]).status).toBe(0);
    const before = [contentsOf(folder), contentsOf(join(folder, "out"))];
    const failing = [...parameters, "--constant", "learning_rate=90", "--epochs", "100"];
    const { status, stderr } = train(folder, regression, failing);
    expect(status).toBe(1);
    const error =
      /\nerror NOT_FINITE: train\(\): "loss" is Infinity in step \d+ \(epoch \d+\)\. Lower the learning rate/;
    expect(stderr).toMatch(error);
    expect(stderr).toMatch(/Nothing was saved\.\n$/);
    expect([contentsOf(folder), contentsOf(join(folder, "out"))]).toEqual(before);
  });

  it("train writes nothing for invalid arguments, and exits with 2", () => {
    const folder = planeFolder();
    const [regression, out] = [modelFolder("regression"), ["--save", "out"]];
    const wrong: readonly (readonly [number, RegExp, readonly string[]])[] = [
      [2, /^error INVALID_OPTION: required option '--data <file>' not specified\n/, out],
      [
        2,
        /^error INVALID_OPTION: --input "x": plane\.csv has no column "bb"\. Did you mean "b"\?\n$/,
        [...DATA, ...out, "--input", "x=a,bb", "--input", "target=y", "--constant", "learning_rate=1"],
      ],
      [
        1,
        /^error OUTPUT_CONFLICT: .*plane\.csv is a file\. Save to another folder\.\n$/,
        [...REGRESSION, "--save", "plane.csv"],
      ],
    ];
    for (const [status, message, parameters] of wrong) {
      const finished = train(folder, regression, parameters, NO_LIBRARY);
      expect(finished.stderr).toMatch(message);
      expect([finished.status, finished.stdout, readdirSync(folder)]).toEqual([status, "", ["plane.csv"]]);
    }
  });
});

function contentsOf(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "latin1")] as const);
}

describe("docs/train.md", () => {
  const text = readFileSync(join(root, "docs/train.md"), "utf8");
  const blocks = Array.from(text.matchAll(/^```console\n(.*?)^```/gms), ([, block = ""]) =>
    block.split(/^\$ npx savedmodel /m),
  );
  const examples = blocks.flat().filter((example) => example !== "");
  // A run before has left the checkpoints of its end.
  beforeAll(() => rmSync(join(root, "build/train"), { recursive: true, force: true }));

  it.each(examples.map((example, index) => [index + 1, example] as const))(
    "docs/train.md shows the actual output of example %i",
    (_, example) => {
      const [, line = "", output = ""] = /^((?:[^\n]*\\\n)*[^\n]*)\n(.*)$/s.exec(example) ?? [];
      const parameters = line.match(/'[^']*'|[^\s\\]+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
      const finished = spawnSync(process.execPath, [...command.slice(0, -1), ...parameters], {
        cwd: root,
        env: plain,
        encoding: "utf8",
      });
      // The first line is printed before the progress, the rest after it.
      const [first, ...rest] = finished.stdout.split("\n");
      const printed = finished.stderr === "" ? finished.stdout : [first, finished.stderr.trimEnd(), ...rest].join("\n");
      // Times and the last digits are those of a machine.
      const shape = (lines: string): string => lines.trim().replaceAll(/\d+\.\d+(?:e-?\d+)?/g, "#");
      expect(shape(printed)).toBe(shape(output));
    },
  );
});

/**
 * A training that is killed, and continued by another process, ends with the same bits as one that was left alone: with
 * `resume: true` the same program continues from its last checkpoint when it is started again.
 *
 * Run from the root of the repository: `npx tsx examples/resume.ts`. Checkpoints are written to build/resume.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encodeNpy, type FitOptions, fit, type Model } from "savedmodel";
import { Keras3 } from "../generated/keras3.js";

const CHECKPOINT = "build/resume";
/** In the middle of an epoch of 12 steps, and some steps after the last checkpoint. */
const DEADLY_STEP = 400;

const rows = Array.from({ length: 192 }, (_, row) => [Math.sin(row), Math.cos(3 * row), Math.sin(7 * row)] as const);
const targets = rows.map(([a, b, c]) => [a * b - c] as const);

/** Trains a model, and returns the loss of the last epoch. Adam's state is in variables, which a checkpoint has too. */
async function train(model: Keras3, options: Pick<FitOptions, "checkpoints" | "onBatch"> = {}): Promise<number> {
  const history = await fit(model.train, [rows, targets], {
    epochs: 60,
    batchSize: 16,
    shuffle: true,
    progress: false,
    ...options,
  });
  return history.metric("loss").at(-1) ?? Number.NaN;
}

/** Begins, or continues from the last checkpoint, in a process that may be killed at a step. */
async function trainInProcess(name: string, deadlyStep: number): Promise<void> {
  using model = Keras3.load();
  let firstStep: number | undefined;
  const loss = await train(model, {
    checkpoints: { directory: CHECKPOINT, everySteps: 50, resume: true },
    onBatch: ({ step }) => {
      if (firstStep === undefined) console.log(`${name}: begins with step ${step}`);
      firstStep ??= step;
      // As the system does it where memory runs out: nothing is cleaned up.
      if (step === deadlyStep) process.kill(process.pid, "SIGKILL");
    },
  });
  console.log(`${name}: loss ${loss}`);
}

async function startProcess(name: string, deadlyStep: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [name, String(deadlyStep)]);
  const [status, signal] = await once(child, "exit");
  if (signal !== null) console.log(`${name}: ended by ${signal}`);
  else if (status !== 0) throw new Error(`${name} failed`);
}

/** Returns whether two models have equal variables: weights, and the optimizer's state. */
function sameBits(a: Model, b: Model): boolean {
  const [of, other] = [a.variables(), b.variables()];
  return of.every(({ value }, index) => {
    const counterpart = other[index]?.value;
    if (value === undefined || counterpart === undefined) return false;
    return Buffer.from(encodeNpy(value)).equals(encodeNpy(counterpart));
  });
}

const [name, deadlyStep] = process.argv.slice(2);
if (name !== undefined) {
  await trainInProcess(name, Number(deadlyStep));
} else {
  rmSync(CHECKPOINT, { recursive: true, force: true });
  using alone = Keras3.load();
  console.log(`left alone: loss ${await train(alone)}`);
  await startProcess("first process", DEADLY_STEP);
  await startProcess("second process", Number.POSITIVE_INFINITY);
  // A training that has ended is saved with its last step.
  using resumed = Keras3.load(CHECKPOINT);
  if (!sameBits(alone, resumed)) throw new Error("the resumed training ended with other weights");
  console.log("The same weights and the same state of the optimizer, bit for bit.");
}

/**
 * A training that is killed, and taken up again by another process, ends with the same bits as one that was left alone:
 * a checkpoint has the weights and the whole state of the optimizer, and which rows come next follows from the step.
 *
 * Run from the root of the repository: `npx tsx examples/resume.ts`. Checkpoints are written to build/resume.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encodeNpy, type FitOptions, fit, type Model } from "savedmodel";
import { seededRandom, shuffledIndices } from "savedmodel/data";
import { Keras3 } from "../generated/keras3.js";

const CHECKPOINT = "build/resume";
const [EPOCHS, ROWS, BATCH] = [60, 192, 16] as const;
const STEPS = ROWS / BATCH;
/** In the middle of an epoch, and some steps after the last checkpoint. */
const DEADLY_STEP = 400;
const CHECKPOINT_STEPS = 50;

type Row = readonly [x: readonly [number, number, number], target: readonly [number]];
type Batch = [x: Row[0][], target: Row[1][]];

const data: readonly Row[] = Array.from({ length: ROWS }, (_, row) => {
  const [a, b, c] = [Math.sin(row), Math.cos(3 * row), Math.sin(7 * row)];
  return [[a, b, c], [a * b - c]];
});

/** The batches of an epoch from one of its steps on. A step has the same rows each time that one comes to it. */
function* batchesFrom(step: number): Generator<Batch> {
  const order = shuffledIndices(ROWS, seededRandom(Math.floor(step / STEPS)));
  for (let from = (step % STEPS) * BATCH; from < ROWS; from += BATCH) {
    const rows = Array.from(order.subarray(from, from + BATCH), (row) => data[row] as Row);
    yield [rows.map(([x]) => x), rows.map(([, target]) => target)];
  }
}

/** Returns the number of steps of a model: Adam counts them in a variable, which is saved like all others. */
function stepsOf(model: Keras3): number {
  const count = model.variables().find(({ name }) => name === "adam/iteration");
  if (count?.value === undefined) throw new Error("the model has no count of its steps");
  return Number(count.value.item());
}

/** Trains a model to the end from wherever it is, and gives the loss of the last epoch. */
async function finish(model: Keras3, options: Pick<FitOptions, "checkpoints" | "onBatch"> = {}): Promise<number> {
  const epochs = EPOCHS - Math.floor(stepsOf(model) / STEPS);
  // The function is called for each epoch. The first one continues where the training stopped.
  const batches = (): Iterable<Batch> => batchesFrom(stepsOf(model));
  const history = await fit(model.train, batches, { ...options, epochs, progress: false });
  return history.metric("loss").at(-1) ?? Number.NaN;
}

/** The work of a child process: it starts or resumes the training, and may be killed at a step. */
async function work(name: string, deadlyStep: number): Promise<void> {
  using model = existsSync(CHECKPOINT) ? Keras3.load(CHECKPOINT) : Keras3.load();
  console.log(`${name}: begins after step ${stepsOf(model)}`);
  const loss = await finish(model, {
    checkpoints: { directory: CHECKPOINT, everySteps: CHECKPOINT_STEPS },
    // As the system does it where memory runs out: nothing is cleaned up.
    onBatch: () => void (stepsOf(model) === deadlyStep && process.kill(process.pid, "SIGKILL")),
  });
  model.save(CHECKPOINT);
  console.log(`${name}: ends after step ${stepsOf(model)}, loss ${loss}`);
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
  await work(name, Number(deadlyStep));
} else {
  rmSync(CHECKPOINT, { recursive: true, force: true });
  using alone = Keras3.load();
  console.log(`left alone: ends after step ${EPOCHS * STEPS}, loss ${await finish(alone)}`);
  await startProcess("first process", DEADLY_STEP);
  await startProcess("second process", Number.POSITIVE_INFINITY);
  using resumed = Keras3.load(CHECKPOINT);
  if (!sameBits(alone, resumed)) throw new Error("the resumed training ended with other weights");
  console.log("The same weights and the same state of the optimizer, bit for bit.");
}

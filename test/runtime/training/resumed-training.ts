/**
 * Continues a training from its checkpoint, and may be killed right after one of its steps. When it comes to its end it
 * prints what it leaves.
 *
 *     resumed-training.ts NAME DIRECTORY EVERY_STEPS KILL_AT_STEP [CSV]
 */
import { type TrainingName, trainings } from "./trainings.js";

const [name = "", directory = "", everySteps = "", killAtStep = "", csv] = process.argv.slice(2);
console.log("started");
const outcome = await trainings[name as TrainingName]({
  checkpoints: { directory, resume: true, ...(everySteps !== "0" && { everySteps: Number(everySteps) }) },
  ...(csv !== undefined && { logs: { csv } }),
  onBatch: ({ step }) => {
    if (step === Number(killAtStep)) process.kill(process.pid, "SIGKILL");
  },
});
console.log(outcome);

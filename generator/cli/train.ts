import { Command } from "commander";
import { collect } from "./collect.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";
import type { TrainFlags } from "./train-options.js";
import { planTraining } from "./train-plan.js";

/** `savedmodel train <dir>`: a training from a file of data to a saved model. */
export function trainCommand(): Command {
  return new Command("train")
    .summary("train a SavedModel with the rows of a file")
    .description("Calls a signature that makes a step, batch after batch, and saves the model with its new weights.")
    .argument("<dir>", "the folder that holds saved_model.pb")
    .requiredOption("--data <file>", "a .csv file with a header, or a .npz file")
    .requiredOption("--save <dir>", "the folder to save the trained model to")
    .option("--signature <key>", "the signature that makes a step (default: train, or the only one)")
    .option("--input <name=columns>", "what an input is made of: a,b or p0..p783 or an array; to be repeated", collect)
    .option("--constant <name=value>", "an input that is the same in each step, such as a learning rate", collect)
    .option("--epochs <n>", "how often all rows are gone through (default: 1)")
    .option("--batch-size <n>", "the rows of a step (default: 32, or what the signature fixes)")
    .option("--shuffle <seed>", "another order of the rows in each epoch, by a seed")
    .option("--validation <part>", "the part of the rows that is not trained with, such as 0.2")
    .option("--evaluate <key>", "the signature that is asked for metrics of the validation")
    .option("--early-stopping <patience>", "stop after so many epochs that are no better: 5, 5:loss, 5:accuracy:max")
    .option("--history <file>", "write the metrics of each epoch to a .json file")
    .option("--csv <file>", "write them to a .csv file")
    .option("--plot <file>", "draw them in a .svg file")
    .option("--delimiter <character>", "what is between two cells of a .csv file (default: a comma)")
    .option("--quiet", "print nothing but errors")
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action(train);
}

async function train(directory: string, flags: TrainFlags): Promise<void> {
  // Loading takes seconds and training longer: what can be refused is refused before.
  const plan = await planTraining(directory, flags);
  const { runTraining } = await import("./train-run.js");
  await runTraining(plan);
}

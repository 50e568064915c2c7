import { Command } from "commander";
import { OP_LIBRARY_FLAGS, OP_LIBRARY_HELP } from "../flags/op-libraries.js";
import { collect } from "../flags/repeated-flag.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "../flags/tags.js";
import { addHelpEnd } from "../ui/help.js";
import type { TrainFlags } from "./train-options.js";
import { planTraining } from "./train-plan.js";

/** `savedmodel train <dir>`: a training from a file of data to a saved model. */
export function trainCommand(): Command {
  const command = new Command("train")
    .summary("train a SavedModel with the rows of a file")
    .description("Calls a signature that makes a step, batch after batch, and saves the model with its new weights.")
    .argument("<dir>", "the folder that holds saved_model.pb")
    .requiredOption("--data <file>", "a .csv file with a header, or a .npz file (required)")
    .requiredOption("--save <dir>", "the folder to save the trained model to (required)")
    .option("--signature <key>", "the signature that makes a step (default: train, or the only one)")
    .option("--input <name=columns>", "columns or an array for an input: a,b or p0..p783; can be repeated", collect)
    .option("--constant <name=value>", "an input that is the same in each step, as JSON; can be repeated", collect)
    .option("--epochs <n>", "how often all rows are gone through (default: 1)")
    .option("--batch-size <n>", "the rows of a step (default: 32, or what the signature fixes)")
    .option("--shuffle <seed>", "another order of the rows in each epoch, the same for the same seed")
    .option("--validation <part>", "the part of the rows that is kept back for --evaluate, such as 0.2")
    .option("--evaluate <key>", "the signature that measures with the rows of --validation")
    .option("--early-stopping <patience>", "end after so many epochs that are no better: 5, 5:loss, 5:accuracy:max")
    .option(
      "--reset <key>",
      "the signature that resets metrics before each epoch and validation (default: by the graph)",
    )
    .option("--no-reset", "reset no metrics")
    .option("--checkpoints <dir>", "save the model and the state of the training there after each epoch")
    .option("--resume", "continue from what is in --checkpoints, if there is anything")
    .option("--history <file>", "write the metrics of each epoch to a .json file")
    .option("--csv <file>", "write the metrics of each epoch to a .csv file")
    .option("--plot <file>", "draw the metrics of each epoch in a .svg file")
    .option("--tensorboard <dir>", "write event files for TensorBoard to a folder, epoch by epoch")
    .option(
      "--delimiter <character>",
      "what is between two cells of a .csv file (default: a comma; a tab in .tsv files)",
    )
    .option("--quiet", "print nothing but errors")
    .option(OP_LIBRARY_FLAGS, OP_LIBRARY_HELP, collect)
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action(train);
  return addHelpEnd(command, {
    examples: [
      "train my_model --data rows.csv --input x=a,b --input y=c --save out",
      "train my_model --data rows.npz --epochs 10 --shuffle 1 --save out",
    ],
    exitCodes: {
      130: "it was ended by Ctrl+C; the model was saved as it was then",
      143: "the same, by SIGTERM",
    },
  });
}

async function train(directory: string, flags: TrainFlags): Promise<void> {
  // Loading takes seconds and training longer: what can be refused is refused before.
  const plan = await planTraining(directory, flags);
  const { runTraining } = await import("./train-run.js");
  await runTraining(plan);
}

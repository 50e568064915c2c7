import { Command } from "commander";
import { OP_LIBRARY_FLAGS, OP_LIBRARY_HELP } from "../flags/op-libraries.js";
import { collect } from "../flags/repeated-flag.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "../flags/tags.js";
import { addHelpEnd } from "../ui/help.js";
import type { TrainFlags } from "./train-options.js";
import { planTraining } from "./train-plan.js";

/** Returns `savedmodel train <dir>`, which trains a model with a data file and saves it. */
export function trainCommand(): Command {
  const command = new Command("train")
    .summary("train a SavedModel with the rows of a file")
    .description("Calls the training-step signature for each batch, and saves the model with its new weights.")
    .argument("<dir>", "the folder that holds saved_model.pb")
    .requiredOption("--data <file>", "a .csv file with a header, or a .npz file (required)")
    .requiredOption("--save <dir>", "the folder to save the trained model to (required)")
    .option("--signature <key>", "the training-step signature (default: train, or the only one)")
    .option("--input <name=columns>", "columns or an array for an input: a,b or p0..p783; can be repeated", collect)
    .option("--constant <name=value>", "an input that is the same in each step, as JSON; can be repeated", collect)
    .option("--epochs <n>", "number of epochs (default: 1)")
    .option("--batch-size <n>", "rows per step (default: 32, or the size that the signature fixes)")
    .option("--shuffle <seed>", "shuffle the rows in each epoch, reproducibly from this seed")
    .option("--validation <part>", "fraction of the rows held out for --evaluate, e.g. 0.2")
    .option("--evaluate <key>", "the signature that evaluates the rows of --validation")
    .option("--early-stopping <patience>", "stop after this many epochs without improvement: 5, 5:loss, 5:accuracy:max")
    .option(
      "--reset <key>",
      "the signature that resets metrics before each epoch and validation (default: by the graph)",
    )
    .option("--no-reset", "do not reset metrics")
    .option("--checkpoints <dir>", "save the model and the state of the training there after each epoch")
    .option("--resume", "continue from --checkpoints, if it holds any")
    .option("--history <file>", "write the metrics of each epoch to a .json file")
    .option("--csv <file>", "write the metrics of each epoch to a .csv file")
    .option("--plot <file>", "write a chart of the metrics to a .svg file")
    .option("--tensorboard <dir>", "write event files for TensorBoard to a folder, epoch by epoch")
    .option("--delimiter <character>", "cell delimiter of a .csv file (default: a comma; a tab in .tsv files)")
    .option("--quiet", "print errors only")
    .option(OP_LIBRARY_FLAGS, OP_LIBRARY_HELP, collect)
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action(train);
  return addHelpEnd(command, {
    examples: [
      "train my_model --data rows.csv --input x=a,b --input y=c --save out",
      "train my_model --data rows.npz --epochs 10 --shuffle 1 --save out",
    ],
    exitCodes: {
      130: "ended by Ctrl+C; the model was saved as it was then",
      143: "the same, by SIGTERM",
    },
  });
}

async function train(directory: string, flags: TrainFlags): Promise<void> {
  // Loading takes seconds and training longer: errors are reported before if possible.
  const plan = await planTraining(directory, flags);
  const { runTraining } = await import("./train-run.js");
  await runTraining(plan);
}

import { Command } from "commander";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { printable, quote } from "../../../runtime/base/text.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";
import { signatureNotFound } from "../../../runtime/saved-model/signature-not-found.js";
import type { AnyTensor } from "../../../runtime/tensor/types.js";
import { OP_LIBRARY_FLAGS, OP_LIBRARY_HELP } from "../flags/op-libraries.js";
import { collect } from "../flags/repeated-flag.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "../flags/tags.js";
import { addServerOptions } from "../served/server-flags.js";
import { addHelpEnd } from "../ui/help.js";
import { columnsOf } from "../ui/layout.js";
import { reportWritten } from "../ui/report.js";
import { type ModelFlags, readModel } from "./read-model.js";
import { readInputs } from "./run-inputs.js";
import { planOutputs, resultsJson, type Target, writeOutputs } from "./run-outputs.js";
import { describeHead, formatResults } from "./run-print.js";

interface RunFlags extends ModelFlags {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly json?: true;
}

/** Returns `savedmodel run [dir]`, which calls one signature once. */
export function runCommand(): Command {
  const command = new Command("run")
    .summary("call a signature of a SavedModel once")
    .description(
      "Loads a SavedModel, or connects to a server that has it, calls one of its signatures, and prints or writes the outputs.",
    )
    .argument(
      "[dir]",
      "the folder that holds saved_model.pb; with --connect, the server describes the model by default",
    )
    .option("--signature <key>", "the signature (default: serving_default, or the only one)")
    .option("--input <name=value>", "an input: JSON, or the path of a .json or .npy file; can be repeated", collect)
    .option(
      "--output <file>",
      "a .json file for all outputs, or <name>=<file.npy|file.json> for one; can be repeated",
      collect,
    )
    .option("--json", "print the outputs as JSON");
  addServerOptions(command, "--connect", "call it on a server")
    .option(OP_LIBRARY_FLAGS, OP_LIBRARY_HELP, collect)
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action(run);
  return addHelpEnd(command, {
    examples: [
      "run my_model --input 'x=[[1, 2]]'",
      "run my_model --signature predict --input x=x.npy --output y=y.npy",
      "run my_model --input 'text=\"hello\"' --json",
      "run --connect serving+grpc://localhost:8500/counter --input by=2.5",
    ],
  });
}

async function run(directory: string | undefined, { input = [], output = [], ...flags }: RunFlags): Promise<void> {
  // Reading takes a moment and loading seconds: errors are reported before loading if possible.
  const { name, signatures, open } = await readModel(directory, flags);
  const signature = chooseSignature(name, signatures, flags.signature);
  const targets = planOutputs(
    output,
    signature.outputs.map(({ key }) => key),
  );
  const inputs = readInputs(input, signature.inputs);
  const { model, call } = await open(signature);
  try {
    const results = await call(inputs);
    writeOutputs(targets, results);
    report(results, targets, flags.json === true);
  } finally {
    model.dispose();
  }
}

/**
 * Returns the requested signature, or else `serving_default`, or the only one that can be called.
 *
 * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `SIGNATURE_UNSUPPORTED`; `INVALID_OPTION` if the choice is ambiguous
 */
export function chooseSignature(
  directory: string,
  signatures: readonly SignatureInfo[],
  key: string | undefined,
): SignatureInfo {
  const callable = signatures.filter(({ unsupported }) => unsupported === undefined);
  const keys = callable.map((signature) => signature.key);
  if (key !== undefined) {
    const chosen = signatures.find((signature) => signature.key === key);
    if (chosen === undefined) throw signatureNotFound(key, keys);
    if (chosen.unsupported === undefined) return chosen;
    const what = `${printable(key)}() cannot be run: ${chosen.unsupported}`;
    throw new SavedModelError("SIGNATURE_UNSUPPORTED", what);
  }
  const chosen = callable.find((signature) => signature.key === "serving_default") ?? callable[0];
  const name = printable(directory, 500);
  if (chosen === undefined)
    throw new SavedModelError("SIGNATURE_NOT_FOUND", `${name} has no signature that can be called`);
  if (callable.length === 1 || chosen.key === "serving_default") return chosen;
  throw new SavedModelError("INVALID_OPTION", `${name} has several signatures, and none is "serving_default"`, {
    fix: `Choose one with --signature: ${keys.map(quote).join(", ")}.`,
  });
}

function report(results: Readonly<Record<string, AnyTensor>>, targets: readonly Target[], json: boolean): void {
  if (json || targets.length === 0) {
    process.stdout.write(json ? resultsJson(results) : formatResults(results, columnsOf(process.stdout)));
    return;
  }
  for (const { path, key } of targets) {
    const written = Object.entries(results).filter(([name]) => key === undefined || name === key);
    const heads = written.flatMap(([name, tensor], index) => [
      ...(index === 0 ? [] : [{ text: ",", gap: 0 }]),
      ...describeHead(name, tensor),
    ]);
    reportWritten(path, heads);
  }
}

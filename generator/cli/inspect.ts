import { Command } from "commander";
import type { SignatureDescription, TensorDescription } from "../../runtime/description.js";
import { formatShape } from "../../runtime/shape.js";
import { printable } from "../../runtime/text.js";
import { inspect } from "../describe.js";
import type { ModelDescription } from "../description.js";
import { stdout } from "./colours.js";
import { parseTags, TAGS_FLAGS, TAGS_HELP } from "./tags.js";

interface InspectFlags {
  readonly json?: true;
  readonly tags?: readonly string[];
}

/** `savedmodel inspect <dir>` */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("show the signatures of a SavedModel")
    .argument("<dir>", "the folder that holds saved_model.pb")
    .option("--json", "print the description as JSON")
    .option(TAGS_FLAGS, TAGS_HELP, parseTags)
    .action((directory: string, { json, ...options }: InspectFlags) => {
      const description = inspect(directory, options);
      process.stdout.write(
        json === true ? `${JSON.stringify(description, null, 2)}\n` : formatDescription(description),
      );
    });
}

function formatDescription({ directory, tags, tagSets, tensorflowVersion, signatures }: ModelDescription): string {
  const facts = [`tags: ${formatTagSet(tags)}`];
  if (tensorflowVersion !== "") facts.push(`TensorFlow ${printable(tensorflowVersion)}`);
  const others = tagSets.filter((set) => set.join("\n") !== tags.join("\n"));
  if (others.length > 0) facts.push(`also tagged: ${others.map(formatTagSet).join("; ")}`);
  const head = `${stdout.bold(printable(directory, 500))}  ${stdout.dim(facts.join(", "))}`;
  const body = signatures.length === 0 ? [stdout.yellow("It has no signatures.")] : signatures.map(formatSignature);
  return `${[head, ...body].join("\n\n")}\n`;
}

function formatTagSet(tags: readonly string[]): string {
  return tags.length === 0 ? "(none)" : tags.map((tag) => printable(tag)).join(" ");
}

function formatSignature({ key, inputs, outputs, unsupported }: SignatureDescription): string {
  const parameters = inputs.map((input) => printable(input.key) + (input.optional === true ? "?" : "")).join(", ");
  const width = Math.max(...[...inputs, ...outputs].map((tensor) => printable(tensor.key).length), 0);
  const line = (mark: string, tensor: TensorDescription): string =>
    `  ${stdout.dim(mark)} ${printable(tensor.key).padEnd(width)}  ${formatTensor(tensor)}`;
  return [
    `${stdout.cyan(printable(key))}(${parameters})`,
    ...inputs.map((input) => line("in ", input)),
    ...outputs.map((output) => line("out", output)),
    ...(unsupported === undefined ? [] : [stdout.yellow(`  left out of generated clients: ${unsupported}`)]),
  ].join("\n");
}

function formatTensor({ dtype, shape, encoding, optional, default: value }: TensorDescription): string {
  const form = shape?.length === 0 ? "scalar" : formatShape(shape);
  const byDefault = value === undefined ? "optional" : `optional, ${printable(JSON.stringify(value))} by default`;
  const remarks = [encoding, optional === true ? byDefault : undefined].filter((remark) => remark !== undefined);
  return `${dtype} ${form}${remarks.length === 0 ? "" : stdout.dim(`  ${remarks.join(", ")}`)}`;
}

import { Command } from "commander";
import type { ExampleFeature, SignatureDescription, TensorDescription } from "../../runtime/description.js";
import { currentVersion } from "../../runtime/library/cache.js";
import { elementCount, formatShape } from "../../runtime/shape.js";
import { printable } from "../../runtime/text.js";
import { inspect } from "../describe.js";
import type { ModelDescription, VariableDescription } from "../description.js";
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

function formatDescription(description: ModelDescription): string {
  const { directory, tags, tagSets, tensorflowVersion, signatures } = description;
  const facts = [`tags: ${formatTagSet(tags)}`];
  if (tensorflowVersion !== "") facts.push(`TensorFlow ${printable(tensorflowVersion)}`);
  const others = tagSets.filter((set) => set.join("\n") !== tags.join("\n"));
  if (others.length > 0) facts.push(`also tagged: ${others.map(formatTagSet).join("; ")}`);
  const head = `${stdout.bold(printable(directory, 500))}  ${stdout.dim(facts.join(", "))}`;
  const body = signatures.length === 0 ? [stdout.yellow("It has no signatures.")] : signatures.map(formatSignature);
  return `${[head, ...body, ...formatContents(description)].join("\n\n")}\n`;
}

/** More variables than a person would read; `--json` has them all. */
const SHOWN_VARIABLES = 12;

function formatContents({
  variables,
  assets,
  unknownOperations,
  tensorflowVersion,
}: ModelDescription): readonly string[] {
  const sections: string[] = [];
  if (variables.length > 0) sections.push(formatVariables(variables));
  if (assets.length > 0) sections.push(`${stdout.cyan("assets")}  ${assets.map((name) => printable(name)).join(", ")}`);
  const warnings: string[] = [];
  if (unknownOperations.length > 0) {
    warnings.push(`TensorFlow does not have: ${unknownOperations.map((name) => printable(name)).join(", ")}`);
  }
  const installed = currentVersion();
  if (installed !== undefined && isOlder(installed, tensorflowVersion)) {
    warnings.push(`The installed TensorFlow ${installed} is older than the model, and may lack operations.`);
  }
  if (warnings.length > 0) sections.push(warnings.map((warning) => stdout.yellow(warning)).join("\n"));
  return sections;
}

function formatVariables(variables: readonly VariableDescription[]): string {
  const shown = variables.slice(0, SHOWN_VARIABLES);
  const width = Math.max(...shown.map(({ name }) => printable(name).length));
  const count = variables.reduce((sum, { shape }) => sum + elementCount((shape ?? []).map((size) => size ?? 0)), 0);
  const rest = variables.length - shown.length;
  return [
    `${stdout.cyan("variables")}  ${variables.length}, with ${count.toLocaleString("en")} elements`,
    ...shown.map(({ name, dtype, shape, trainable }) => {
      const remark = trainable ? "" : stdout.dim("  not trainable");
      return `      ${printable(name).padEnd(width)}  ${dtype} ${shape?.length === 0 ? "scalar" : formatShape(shape)}${remark}`;
    }),
    ...(rest > 0 ? [stdout.dim(`      and ${rest} more (--json lists all)`)] : []),
  ].join("\n");
}

/** Whether one version of TensorFlow comes before another; patches do not count, they add no operations. */
function isOlder(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
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
    ...inputs.flatMap((input) => [line("in ", input), ...formatFeatures(input.example ?? [])]),
    ...outputs.map((output) => line("out", output)),
    ...(unsupported === undefined ? [] : [stdout.yellow(`  left out of generated clients: ${unsupported}`)]),
  ].join("\n");
}

function formatTensor({ dtype, shape, encoding, optional, default: value, example }: TensorDescription): string {
  const form = shape?.length === 0 ? "scalar" : formatShape(shape);
  const byDefault = value === undefined ? "optional" : `optional, ${printable(JSON.stringify(value))} by default`;
  const parsed = example && "tf.Example of";
  const remarks = [encoding, parsed, optional === true ? byDefault : undefined].filter(
    (remark) => remark !== undefined,
  );
  return `${dtype} ${form}${remarks.length === 0 ? "" : stdout.dim(`  ${remarks.join(", ")}`)}`;
}

function formatFeatures(features: readonly ExampleFeature[]): readonly string[] {
  const width = Math.max(...features.map(({ key }) => printable(key).length), 0);
  return features.map(({ key, dtype, kind, shape, optional }) => {
    const form = kind === "dense" ? (shape.length === 0 ? "scalar" : formatShape(shape)) : kind;
    return `        ${printable(key).padEnd(width)}  ${dtype} ${form}${optional === true ? stdout.dim("  optional") : ""}`;
  });
}

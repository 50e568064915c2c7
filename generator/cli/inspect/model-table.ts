import { printable } from "../../../runtime/base/text.js";
import { currentVersion } from "../../../runtime/engines/local/library/library-cache.js";
import { tagsFlag } from "../../../runtime/saved-model/files/saved-model-file.js";
import { describeOp } from "../../../runtime/saved-model/graph/op-packages.js";
import { exportAdvice, formatFunction } from "../../../runtime/saved-model/graph/unexported-functions.js";
import type { ModelInfo } from "../../../runtime/saved-model/model-info.js";
import { stdout } from "../ui/colors.js";
import { flow, list, sentence, type Word } from "../ui/layout.js";
import { formatSignature } from "./signature-table.js";
import { formatVariables } from "./variable-table.js";
import { isOlder } from "./version.js";

/** Indentation of the continued lines of a titled entry. */
const INDENT = 6;

/** Formats a description for people, in a terminal of this many columns. */
export function formatDescription(description: ModelInfo, width: number): string {
  const { signatures, variables, assets } = description;
  const sections = [
    formatHead(description, width),
    ...(signatures.length === 0 ? [formatFunctions(description, width)] : []),
    ...signatures.slice(0, SHOWN_SIGNATURES).map((signature) => formatSignature(signature, width)),
    ...(signatures.length > SHOWN_SIGNATURES ? [formatMore(signatures.length - SHOWN_SIGNATURES, width)] : []),
    ...(variables.length === 0 ? [] : [formatVariables(variables, width)]),
    ...(assets.length === 0 ? [] : [formatAssets(assets, width)]),
    formatOperations(description, width),
  ];
  return `${sections.join("\n\n")}\n`;
}

function formatHead({ directory, tags, tagSets, tensorflowVersion }: ModelInfo, width: number): string {
  const facts = [`tags: ${tags.length === 0 ? "(none)" : firstOf(tags, (tag) => printable(tag)).join(" ")}`];
  if (tensorflowVersion !== "") facts.push(`TensorFlow ${printable(tensorflowVersion)}`);
  const own = JSON.stringify(tags);
  const others = firstOf(
    tagSets.filter((set) => JSON.stringify(set) !== own),
    tagsFlag,
  );
  const words = list([...facts, ...others.map((flag, index) => (index === 0 ? `also there: ${flag}` : flag))]);
  const styled = words.map((word, index) => ({ ...word, style: stdout.dim, gap: index === 0 ? 2 : 1 }));
  return flow([{ text: printable(directory, 500), style: stdout.bold }, ...styled], width, 2);
}

/** States that there are no signatures, which functions there are, and how these become signatures. */
function formatFunctions(description: ModelInfo, width: number): string {
  const { functions = [] } = description;
  const advice = exportAdvice(description);
  const lines = [flow(sentence("It has no signatures.", stdout.yellow), width, INDENT)];
  const [first, ...rest] = list(functions.map(formatFunction));
  if (advice === undefined) return lines.join("\n");
  lines.push(
    "",
    flow([title("functions"), { text: "", ...first, gap: 2 }, ...rest], width, INDENT),
    `${" ".repeat(INDENT)}${flow(sentence("To export them as signatures, run in Python:", stdout.dim), width, INDENT, INDENT)}`,
    ...advice.split("; ").map((line) => `${" ".repeat(INDENT)}${line}`),
  );
  return lines.join("\n");
}

function formatAssets(assets: readonly string[], width: number): string {
  const [first, ...rest] = list(firstOf(assets, (name) => printable(name)));
  return flow([title("assets"), { text: "", ...first, gap: 2 }, ...rest], width, INDENT);
}

/** Formats the number of operations that a library must have, and those that none has. */
function formatOperations(
  { operations, unknownOperations, operationsWithoutKernel, tensorflowVersion }: ModelInfo,
  width: number,
): string {
  const count = operations.length === 1 ? "1 type" : `${operations.length} types`;
  const lines = [flow([title("operations"), { text: count, gap: 2 }], width, INDENT)];
  const warn = (text: string, items: readonly string[] = []): void => {
    lines.push(flow([...sentence(text, stdout.yellow), ...list(items)], width, INDENT));
  };
  if (unknownOperations.length > 0) {
    warn("TensorFlow does not have:", firstOf(unknownOperations, describeOp));
  }
  if (operationsWithoutKernel.length > 0) {
    warn(
      "without a kernel on a CPU:",
      firstOf(operationsWithoutKernel, (name) => printable(name)),
    );
  }
  const installed = currentVersion();
  if (installed !== undefined && isOlder(installed, tensorflowVersion)) {
    warn(`The installed TensorFlow ${installed} is older than the model, and may lack operations.`);
  }
  return lines.join("\n");
}

/** Largest number of signatures shown; `--json` has them all. */
const SHOWN_SIGNATURES = 1000;

/** Largest number of other items shown; `--json` has them all. */
const SHOWN = 100;

/** Formats the first items, and the number of the rest. */
function firstOf<T>(items: readonly T[], show: (item: T) => string): readonly string[] {
  const shown = items.slice(0, SHOWN).map(show);
  return items.length > SHOWN ? [...shown, `and ${items.length - SHOWN} more`] : shown;
}

function formatMore(count: number, width: number): string {
  return flow(sentence(`and ${count} more signatures (--json lists all)`, stdout.dim), width, INDENT);
}

function title(text: string): Word {
  return { text, style: stdout.cyan };
}

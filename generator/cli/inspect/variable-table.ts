import { printable } from "../../../runtime/base/text.js";
import type { VariableInfo } from "../../../runtime/saved-model/model-info.js";
import { elementCount, formatShape } from "../../../runtime/tensor/shape.js";
import { stdout } from "../ui/colors.js";
import { flow, list, sentence, type Word } from "../ui/layout.js";
import { type Row, table } from "../ui/text-table.js";

/** Largest number of variables shown; `--json` has them all. */
const SHOWN_VARIABLES = 12;

const INDENT = 6;

/** Formats the variables with their content: the first of them one by one, and each that was written twice once. */
export function formatVariables(all: readonly VariableInfo[], width: number): string {
  const variables = inInterest(all.filter(({ copy }) => copy !== true));
  const shown = variables.slice(0, SHOWN_VARIABLES);
  const rest = variables.length - shown.length;
  const counts = new Map<string, number>();
  for (const { name } of variables) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rows = shown.map((variable) => row(variable, counts.get(variable.name) === 1));
  const more = `and ${rest} more (--json lists all)`;
  return [
    flow(
      [{ text: "variables", style: stdout.cyan }, ...summary(variables, all.length - variables.length)],
      width,
      INDENT,
    ),
    ...table(rows, { width, indent: INDENT, remark: stdout.dim }),
    ...(rest > 0 ? [" ".repeat(INDENT) + flow(sentence(more, stdout.dim), width, INDENT, INDENT)] : []),
  ].join("\n");
}

/** Sorts weights first, then other values of the model, then those of optimizers; each by name as before. */
function inInterest(variables: readonly VariableInfo[]): readonly VariableInfo[] {
  const rank = ({ name, path = name, trainable }: VariableInfo): number => {
    if (trainable !== false) return 0;
    return /(?:^|\/)_?optimizer/.test(path) || /(?:^|\/)_?optimizer/.test(name) ? 2 : 1;
  };
  return [...variables].sort((a, b) => rank(a) - rank(b));
}

/** Formats a variable; a path distinguishes those of equal names. */
function row({ name, dtype, shape, trainable, path }: VariableInfo, isUnique: boolean): Row {
  const isPathUseful = path !== undefined && name !== "" && !isUnique;
  const remarks = [
    trainable === false ? "not trainable" : undefined,
    isPathUseful ? `at ${printable(path)}` : undefined,
  ];
  return {
    name: printable(name || path || "(no name)"),
    form: [dtype, shape?.length === 0 ? "scalar" : formatShape(shape)],
    remarks: remarks.filter((remark) => remark !== undefined),
  };
}

/** Formats `6, with 11 parameters, 9 trainable, 4 written twice` */
function summary(variables: readonly VariableInfo[], copies: number): readonly Word[] {
  const facts = [`with ${parameters(variables)}`];
  if (variables.every(({ trainable }) => trainable !== null)) {
    facts.push(`${countOf(variables.filter(({ trainable }) => trainable === true))} trainable`);
  }
  if (copies > 0) facts.push(`${copies} written twice`);
  const [count, ...words] = list([`${variables.length}`, ...facts]);
  return [{ text: "", ...count, gap: 2 }, ...words];
}

function parameters(variables: readonly VariableInfo[]): string {
  const count = countOf(variables);
  return `${count} ${count === "1" ? "parameter" : "parameters"}`;
}

/** Returns the number of elements, without variables of unknown shape. */
function countOf(variables: readonly VariableInfo[]): string {
  let count = 0;
  let isComplete = true;
  for (const { shape } of variables) {
    const sizes = shape?.filter((size) => size !== null);
    if (sizes === undefined || sizes.length !== shape?.length) isComplete = false;
    else count += elementCount(sizes);
  }
  return `${isComplete ? "" : "at least "}${count.toLocaleString("en")}`;
}

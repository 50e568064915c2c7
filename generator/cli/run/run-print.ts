import { inspect } from "node:util";
import { printable } from "../../../runtime/base/text.js";
import { formatShape } from "../../../runtime/tensor/shape.js";
import type { AnyTensor } from "../../../runtime/tensor/types.js";
import { stdout } from "../ui/colors.js";
import { flow, type Word } from "../ui/layout.js";
import { toPlain } from "./run-values.js";

/** Largest number of elements shown; of more, the ends of rows are omitted. */
const SHOWN_ELEMENTS = 1000;
const SHOWN_CHARACTERS = 500;

const INDENT = "  ";
const COLUMNS = 82;

/** Formats key, dtype, shape and elements of every output for people. */
export function formatResults(results: Readonly<Record<string, AnyTensor>>, width: number): string {
  const blocks = Object.entries(results).map(
    ([key, tensor]) => `${flow(describeHead(key, tensor), width, 4)}\n${formatValues(tensor, width)}`,
  );
  return `${blocks.join("\n\n")}\n`;
}

/** Formats `loss  float32 scalar` */
export function describeHead(key: string, { dtype, shape }: AnyTensor): readonly Word[] {
  return [
    { text: printable(key), style: stdout.cyan },
    { text: dtype, gap: 2 },
    { text: shape.length === 0 ? "scalar" : formatShape(shape) },
  ];
}

function formatValues(tensor: AnyTensor, width: number): string {
  const { shape } = tensor;
  const { size } = "values" in tensor ? tensor.values : tensor;
  const maxArrayLength =
    size <= SHOWN_ELEMENTS ? Number.POSITIVE_INFINITY : Math.max(3, Math.floor(SHOWN_ELEMENTS ** (1 / shape.length)));
  // In a file, the width of nearly every terminal.
  const breakLength = Math.min(width, COLUMNS) - INDENT.length;
  const options = { depth: null, maxArrayLength, maxStringLength: SHOWN_CHARACTERS, breakLength };
  const text = inspect(toPlain(tensor), options);
  // Line endings are always structure: inspect escapes those in strings.
  const lines = text.split("\n").map((line) => printable(line, Number.POSITIVE_INFINITY));
  return lines.map((line) => `${INDENT}${line}`).join("\n");
}

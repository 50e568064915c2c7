import { inspect } from "node:util";
import { formatShape } from "../../runtime/shape.js";
import { printable } from "../../runtime/text.js";
import type { AnyTensor } from "../../runtime/types.js";
import { stdout } from "./colours.js";
import { toPlain } from "./run-values.js";

/** More elements than a person would read; beyond, the ends of rows are left out. */
const SHOWN_ELEMENTS = 1000;
const SHOWN_CHARACTERS = 500;

/** Key, dtype, shape and elements of every output, for a person. */
export function formatResults(results: Readonly<Record<string, AnyTensor>>): string {
  const blocks = Object.entries(results).map(([key, tensor]) => `${formatHead(key, tensor)}\n${formatValues(tensor)}`);
  return `${blocks.join("\n\n")}\n`;
}

/** `loss  float32 scalar` */
export function formatHead(key: string, { dtype, shape }: AnyTensor): string {
  return `${stdout.cyan(printable(key))}  ${dtype} ${shape.length === 0 ? "scalar" : formatShape(shape)}`;
}

function formatValues(tensor: AnyTensor): string {
  const { shape } = tensor;
  const { size } = "values" in tensor ? tensor.values : tensor;
  const maxArrayLength =
    size <= SHOWN_ELEMENTS ? Number.POSITIVE_INFINITY : Math.max(3, Math.floor(SHOWN_ELEMENTS ** (1 / shape.length)));
  const text = inspect(toPlain(tensor), { depth: null, maxArrayLength, maxStringLength: SHOWN_CHARACTERS });
  // Only line ends are structure: inspect escapes those in strings.
  const lines = text.split("\n").map((line) => printable(line, Number.POSITIVE_INFINITY));
  return lines.map((line) => `  ${line}`).join("\n");
}

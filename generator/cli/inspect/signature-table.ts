import { printable, quote } from "../../../runtime/base/text.js";
import type { ExampleFeature, SignatureInfo, TensorInfo } from "../../../runtime/saved-model/signature-info.js";
import { formatShape } from "../../../runtime/tensor/shape.js";
import { stdout } from "../ui/colors.js";
import { flow, sentence, type Word } from "../ui/layout.js";
import { type Row, table } from "../ui/text-table.js";

/** Formats a signature with its inputs and outputs, one per line. */
export function formatSignature(signature: SignatureInfo, width: number): string {
  const { inputs, outputs, unsupported, notes = [] } = signature;
  const style = { width, indent: 2, remark: stdout.dim };
  const rows = table(
    [...inputs.map((input) => row("in ", input)), ...outputs.map((output) => row("out", output))],
    style,
  );
  return [
    formatHead(signature, width),
    ...rows.flatMap((line, index) => [line, ...formatFeatures(inputs[index]?.example ?? [], width)]),
    ...notes.map((note) => formatNote("contradicts its graph:", note, width)),
    ...(unsupported === undefined ? [] : [formatNote("omitted from generated clients:", unsupported, width)]),
  ].join("\n");
}

/** Formats `train(x, target, rate?)` */
function formatHead({ key, inputs }: SignatureInfo, width: number): string {
  const parameters = inputs.map(({ key, optional }, index): Word => {
    const end = index === inputs.length - 1 ? ")" : ",";
    return { text: `${shown(key)}${optional === true ? "?" : ""}${end}`, gap: index === 0 ? 0 : 1 };
  });
  const open = { text: inputs.length === 0 ? "()" : "(", gap: 0 };
  return flow([{ text: shown(key), style: stdout.cyan }, open, ...parameters], width, 4);
}

/** Returns a key, quoted if its beginning or its end would be invisible. */
function shown(key: string): string {
  return key === "" || key !== key.trim() ? quote(key) : printable(key);
}

function formatNote(lead: string, note: string, width: number): string {
  const words = [...sentence(lead, stdout.yellow), ...sentence(note)];
  return `  ${flow(words, width, 4, 2)}`;
}

function row(role: string, tensor: TensorInfo): Row {
  const { key, argument, name, dtype, shape, encoding, optional, default: value, example } = tensor;
  const byDefault = value === undefined ? "optional" : `optional, ${printable(JSON.stringify(value))} by default`;
  const remarks = [
    argument ? printable(argument) : name && `named ${printable(name)}`,
    encoding,
    example && "tf.Example of",
    optional === true ? byDefault : undefined,
  ];
  return {
    lead: { text: role, style: stdout.dim },
    name: shown(key),
    form: [dtype, formatForm(shape)],
    remarks: remarks.filter((remark) => remark !== undefined),
  };
}

/** Formats the content of each serialized example of an input. */
function formatFeatures(features: readonly ExampleFeature[], width: number): readonly string[] {
  const rows = features.map(({ key, dtype, kind, shape, optional }) => ({
    name: shown(key),
    form: [dtype, kind === "dense" ? formatForm(shape) : kind],
    remarks: optional === true ? ["optional"] : [],
  }));
  return table(rows, { width, indent: 8, remark: stdout.dim });
}

function formatForm(shape: TensorInfo["shape"]): string {
  return shape?.length === 0 ? "scalar" : formatShape(shape);
}

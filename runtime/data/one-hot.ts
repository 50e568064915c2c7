import { constants } from "node:buffer";
import { withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { compareCodeUnits, printable, quote, suggest } from "../base/text.js";
import type { AnyTypedArray } from "../tensor/dtype.js";
import { valueAt } from "../tensor/element-value.js";
import { Tensor } from "../tensor/tensor.js";
import type { Scalar } from "../tensor/types.js";

/** Label of a row. */
export type Label = string | number | bigint;

/** Labels, one for each row: an array, a typed array, or a tensor of shape `[rows]` or `[rows, 1]`. */
export type Labels = Tensor | ArrayLike<Label>;

/** Type of the labels in an array or tensor. */
export type LabelOf<L extends Labels> =
  L extends Tensor<infer D> ? Extract<Scalar<D>, Label> : L extends ArrayLike<infer E> ? Extract<E, Label> : never;

/** Labels as rows of one 1 and zeros. */
export interface OneHot<L extends Label> {
  /** `[rows, classes]` */
  readonly tensor: Tensor<"float32", [number, number]>;
  /** Label of each column. */
  readonly classes: readonly L[];
}

/**
 * Encodes labels: row by row, a 1 in the column of its label and 0 in all others.
 *
 * @param classes the labels in the order of the columns; by default those that occur, strings sorted by code unit and
 * numbers by value. Pass the `classes` of the training data to encode other data.
 * @throws SavedModelError `INVALID_ARGUMENT` for a label that is not among the classes, for duplicate classes, and for
 * a value that is not a label; `INVALID_SHAPE` for a tensor with several labels in a row; `INVALID_SIZE` where there
 * are more classes and rows than a tensor can have
 */
export function oneHot<L extends Labels>(labels: L, classes?: readonly LabelOf<L>[]): OneHot<LabelOf<L>> {
  return withCallerStack(oneHot, () => {
    const list = labelsOf(labels);
    if (classes !== undefined && !Array.isArray(classes)) throw invalid("the classes must be an array of labels");
    const columns = (classes ?? distinct(list)) as readonly Label[];
    const columnOf = new Map<Label, number>();
    for (const [column, label] of columns.entries()) {
      checkLabel(label, `class ${column}`);
      if (columnOf.has(label)) throw invalid(`the class ${show(label)} is given twice`);
      columnOf.set(label, column);
    }
    const count = list.length * columns.length;
    if (count * Float32Array.BYTES_PER_ELEMENT > constants.MAX_LENGTH) {
      const what = `oneHot(): ${list.length} rows of ${columns.length} classes are more than a tensor can have`;
      throw new SavedModelError("INVALID_SIZE", what);
    }
    const elements = new Float32Array(count);
    for (let row = 0; row < list.length; row++) {
      const label = list[row] as Label;
      const column = columnOf.get(label);
      if (column === undefined) throw unknownLabel(label, row, columns);
      elements[row * columns.length + column] = 1;
    }
    // What the labels and classes are made of is LabelOf<L>, by its definition.
    return { tensor: Tensor.own("float32", [list.length, columns.length], elements), classes: [...columns] as never };
  });
}

function labelsOf(labels: Labels): ArrayLike<Label> {
  if (Tensor.is(labels)) return tensorLabels(labels);
  if (Array.isArray(labels) || (ArrayBuffer.isView(labels) && !(labels instanceof DataView))) {
    for (let row = 0; row < labels.length; row++) checkLabel(labels[row], `row ${row}`);
    return labels;
  }
  throw invalid("expected an array, a typed array or a tensor of labels");
}

function tensorLabels(tensor: Tensor): ArrayLike<Label> {
  const [rows = 0, ...rest] = tensor.shape;
  if (tensor.shape.length === 0 || rest.some((size) => size !== 1)) {
    throw new SavedModelError("INVALID_SHAPE", `oneHot() takes one label per row, got ${tensor}`);
  }
  const { dtype } = tensor;
  if (dtype === "string") return tensor.data as unknown as readonly string[];
  const elements = Tensor.elementsOf(tensor) as AnyTypedArray;
  return Array.from({ length: rows }, (_, row) => {
    const label = valueAt(dtype, elements, row);
    checkLabel(label, `row ${row}`);
    return label;
  });
}

function distinct(labels: ArrayLike<Label>): readonly Label[] {
  const found = [...new Set(Array.from(labels))];
  const [first] = found;
  const other = found.find((label) => typeof label !== typeof first);
  if (first !== undefined && other !== undefined) {
    throw invalid(`labels must be of one kind, got ${show(first)} and ${show(other)}`);
  }
  return found.sort((a, b) =>
    typeof a === "string" && typeof b === "string" ? compareCodeUnits(a, b) : a < b ? -1 : 1,
  );
}

function checkLabel(label: unknown, where: string): asserts label is Label {
  if (typeof label === "string" || typeof label === "bigint") return;
  if (typeof label === "number" && !Number.isNaN(label)) return;
  throw invalid(`${where} has ${printable(String(label))}, which is not a label`);
}

function unknownLabel(label: Label, row: number, classes: readonly Label[]): SavedModelError {
  const texts = classes.filter((name) => typeof name === "string");
  // A number that is one digit off is not a misspelt one.
  const fix =
    typeof label === "string" && texts.length === classes.length
      ? suggest(label, texts, "The classes")
      : `The classes: ${classes.map(show).join(", ")}.`;
  return new SavedModelError("INVALID_ARGUMENT", `oneHot(): row ${row} has ${show(label)}, which is not a class`, {
    fix,
  });
}

function show(label: Label): string {
  return typeof label === "string" ? quote(label) : typeof label === "bigint" ? `${label}n` : String(label);
}

function invalid(what: string): SavedModelError {
  return new SavedModelError("INVALID_ARGUMENT", `oneHot(): ${what}`);
}

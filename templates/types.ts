import { stringLiteral } from "../generator/client/escape.js";
import type { NamedFeature } from "../generator/client/name-examples.js";
import type { NamedTensor } from "../generator/client/name-model.js";
import { holdsOneValue, type ShapeSpec } from "../runtime/tensor/shape.js";

/** Largest rank with a typed shape: the compiler fails on types nested more deeply than about 30 levels. */
const MAX_TYPED_RANK = 16;

/** Returns `[1, 2]`, `[number, 2]`, or `AnyShape` for a rank that is unknown, or too high for the compiler. */
function shapeType(shape: ShapeSpec): string {
  return shape === null || shape.length > MAX_TYPED_RANK
    ? "AnyShape"
    : `[${shape.map((size) => size ?? "number").join(", ")}]`;
}

/** Types of the runtime for the forms of a value. */
const LIKE = { dense: "TensorLike", ragged: "RaggedLike", sparse: "SparseLike" } as const;
const RESULT = { dense: "Tensor", ragged: "RaggedTensor", sparse: "SparseTensor" } as const;

/** Types of values that generated files may import from the runtime. */
export const VALUE_TYPES: readonly string[] = ["AnyShape", "Complex", ...Object.values(LIKE), ...Object.values(RESULT)];

/** Returns the type of what a value of this dtype and shape may be made of. */
function likeType({ dtype, shape, form }: NamedTensor): string {
  return `${LIKE[form]}<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
}

/** Returns the type that an input accepts: `TensorLike<"float32", [1, 2]>`, and objects for serialized examples. */
export function inputType(input: NamedTensor): string {
  const { shape, exampleType, exampleRank = shape?.length } = input;
  const type = likeType(input);
  if (exampleType === undefined) return type;
  const items = exampleRank === 0 ? exampleType : `readonly ${exampleType}[]`;
  return `${type} | ${items}${exampleRank === undefined ? ` | ${exampleType}` : ""}`;
}

/**
 * Returns the type that a feature of an example accepts: a plain value if it holds one, else that of an input of its
 * shape.
 */
export function featureType({ dtype, kind, shape }: NamedFeature): string {
  const value = { float32: "number", int64: "number | bigint", string: "string | Uint8Array" }[dtype];
  if (kind === "dense" && shape.length === 0) return value;
  const list = `TensorLike<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
  return kind === "dense" && holdsOneValue(shape) ? `${value} | ${list}` : list;
}

/** Returns the type of an output: a plain value for a scalar, else `Tensor<"float32", [1, 1]>`. */
export function outputType({ dtype, shape, form, bytes }: NamedTensor): string {
  if (shape?.length !== 0 || form !== "dense") return `${RESULT[form]}<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
  switch (dtype) {
    case "int64":
    case "uint64":
      return "bigint";
    case "complex64":
    case "complex128":
      return "Complex";
    case "bool":
      return "boolean";
    case "string":
      return bytes === true ? "Uint8Array" : "string";
    default:
      return "number";
  }
}

/** Returns true if an output can be written into given memory: a dense tensor of numbers. */
export function isTarget({ dtype, shape, form }: NamedTensor): boolean {
  return form === "dense" && dtype !== "string" && shape?.length !== 0;
}

/**
 * Returns the type that an output may be made of: that of an input of its dtype and shape, and a plain value for a
 * scalar.
 */
export function resultType(output: NamedTensor): string {
  const { dtype, shape, form } = output;
  if (shape?.length !== 0 || form !== "dense") return likeType(output);
  return dtype === "int64" || dtype === "uint64" ? "bigint | number" : outputType(output);
}

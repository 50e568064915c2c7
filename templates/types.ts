import { stringLiteral } from "../generator/escape.js";
import type { NamedTensor } from "../generator/name-model.js";
import type { ShapeSpec } from "../runtime/shape.js";

/** `[1, 2]`, `[number, 2]`, or `AnyShape` for an unknown rank. */
function shapeType(shape: ShapeSpec): string {
  return shape === null ? "AnyShape" : `[${shape.map((size) => size ?? "number").join(", ")}]`;
}

/** What an input accepts: `TensorLike<"float32", [1, 2]>`. */
export function inputType({ dtype, shape }: NamedTensor): string {
  return `TensorLike<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
}

/** What an output is: a plain value for a scalar, else `Tensor<"float32", [1, 1]>`. */
export function outputType({ dtype, shape }: NamedTensor): string {
  if (shape?.length !== 0) return `Tensor<${stringLiteral(dtype)}, ${shapeType(shape)}>`;
  switch (dtype) {
    case "int64":
    case "uint64":
      return "bigint";
    case "bool":
      return "boolean";
    case "string":
      return "string";
    default:
      return "number";
  }
}

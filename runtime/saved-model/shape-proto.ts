import type { ShapeSpec } from "../tensor/shape.js";
import { type Message, toNumber } from "./proto/decode.js";

/** The shape in a TensorShapeProto; an absent one is the scalar shape, as proto3 has it. */
export function readShape(shape: Message<"TensorShape"> | null): ShapeSpec {
  if (shape?.unknownRank) return null;
  return (shape?.dim ?? []).map(({ size }) => {
    const value = toNumber(size);
    return value < 0 ? null : value;
  });
}

import { dtypeName } from "../tensor/dtype.js";
import { elementCount, MAX_RANK } from "../tensor/shape.js";
import { attributeOf } from "./graph/graph.js";
import { type Message, toNumber } from "./proto/decode.js";
import { readShape } from "./shape-proto.js";
import type { ExampleFeature } from "./signature-info.js";

type Node = Message<"NodeDef">;

/** Returns the value of a tensor that is a constant. */
export type Constants = (tensor: string) => Message<"TensorProto"> | undefined;

/** Returns true if a node parses serialized examples. */
export function isParser(op: string): boolean {
  return Object.hasOwn(PARSED_RANKS, op);
}

/** The ranks that the serialized examples of each operation may have. */
export const PARSED_RANKS: Readonly<Record<string, readonly (0 | 1)[]>> = {
  ParseExample: [1],
  ParseExampleV2: [0, 1],
  ParseSingleExample: [0],
};

/** The keys of a parsing operation, and its inputs with the default values of dense features. */
interface Parser {
  readonly dense: readonly string[];
  readonly sparse: readonly string[];
  readonly ragged: readonly string[];
  readonly defaults: readonly string[];
}

/** The features that an operation parses, if its keys are constants and all else is as its definition says. */
export function readParser(node: Node, constant: Constants): readonly ExampleFeature[] | undefined {
  const parser = readKeys(node, constant);
  if (parser === undefined) return undefined;
  const { dense, sparse, ragged, defaults } = parser;
  const shapes = attributeOf(node, "dense_shapes")?.list?.shape ?? [];
  const denseTypes = typesOf(node, "Tdense");
  const features = [
    ...dense.map((key, index) =>
      denseFeature(key, denseTypes[index], shapes[index], isEmpty(defaults[index], constant)),
    ),
    ...listFeatures("sparse", sparse, typesOf(node, "sparse_types")),
    ...listFeatures("ragged", ragged, typesOf(node, "ragged_value_types")),
  ];
  const known = features.filter((feature) => feature !== undefined);
  return known.length === features.length ? known : undefined;
}

/** Reads the keys of an operation; each keeps them elsewhere (tensorflow/core/ops/parsing_ops.cc). */
function readKeys(node: Node, constant: Constants): Parser | undefined {
  const inputs = node.input.filter((input) => !input.startsWith("^"));
  switch (node.op) {
    case "ParseSingleExample": {
      // serialized, dense_defaults
      const sparse = texts(attributeOf(node, "sparse_keys")?.list?.s ?? []);
      const dense = texts(attributeOf(node, "dense_keys")?.list?.s ?? []);
      return sparse && dense && { sparse, dense, ragged: [], defaults: inputs.slice(1) };
    }
    case "ParseExample": {
      // serialized, names, sparse_keys, dense_keys, dense_defaults: a scalar for each key
      const denseAt = 2 + typesOf(node, "sparse_types").length;
      const defaultsAt = denseAt + typesOf(node, "Tdense").length;
      const sparse = joined(inputs.slice(2, denseAt).map((key) => readTexts(key, 1, constant)));
      const dense = joined(inputs.slice(denseAt, defaultsAt).map((key) => readTexts(key, 1, constant)));
      return sparse && dense && { sparse, dense, ragged: [], defaults: inputs.slice(defaultsAt) };
    }
    default: {
      // serialized, names, sparse_keys, dense_keys, ragged_keys, dense_defaults
      const sparse = readTexts(inputs[2], typesOf(node, "sparse_types").length, constant);
      const dense = readTexts(inputs[3], typesOf(node, "Tdense").length, constant);
      const ragged = readTexts(inputs[4], typesOf(node, "ragged_value_types").length, constant);
      return sparse && dense && ragged && { sparse, dense, ragged, defaults: inputs.slice(5) };
    }
  }
}

function joined(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  return lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

function denseFeature(
  key: string,
  dtype: ExampleFeature["dtype"] | undefined,
  shape: Message<"TensorShape"> | undefined,
  isRequired: boolean,
): ExampleFeature | undefined {
  if (dtype === undefined || shape === undefined || shape.unknownRank || shape.dim.length > MAX_RANK) return undefined;
  const sizes = readShape(shape) ?? [];
  // A feature of variable length is padded, down to nothing.
  const feature: ExampleFeature = { key, dtype, kind: "dense", shape: sizes };
  return isRequired && sizes[0] !== null ? feature : { ...feature, optional: true };
}

function listFeatures(
  kind: "sparse" | "ragged",
  keys: readonly string[],
  dtypes: readonly (ExampleFeature["dtype"] | undefined)[],
): readonly (ExampleFeature | undefined)[] {
  return keys.map((key, index) => {
    const dtype = dtypes[index];
    return dtype && { key, dtype, kind, shape: [null], optional: true };
  });
}

function typesOf(node: Node, name: string): readonly (ExampleFeature["dtype"] | undefined)[] {
  return (attributeOf(node, name)?.list?.type ?? []).map((code) => {
    const dtype = dtypeName(code);
    return dtype === "float32" || dtype === "int64" || dtype === "string" ? dtype : undefined;
  });
}

/** Returns true if a default has no elements, which makes its feature required; a computed one counts as a default. */
function isEmpty(tensor: string | undefined, constant: Constants): boolean {
  const value = tensor === undefined ? undefined : constant(tensor);
  return value !== undefined && countOf(value) === 0;
}

/** Reads the elements of a constant scalar or vector of `count` strings. */
function readTexts(tensor: string | undefined, count: number, constant: Constants): readonly string[] | undefined {
  const value = tensor === undefined ? undefined : constant(tensor);
  if (value?.stringVal.length !== count || countOf(value) !== count) return undefined;
  if (!constantTexts.has(value)) constantTexts.set(value, texts(value.stringVal));
  return constantTexts.get(value);
}

/** The strings and the numbers of elements of constants: many inputs may refer to one, which may be as large as the file. */
const constantTexts = new WeakMap<Message<"TensorProto">, readonly string[] | undefined>();
const constantCounts = new WeakMap<Message<"TensorProto">, number>();

function countOf(value: Message<"TensorProto">): number {
  const count = constantCounts.get(value) ?? elementCount(sizesOf(value));
  constantCounts.set(value, count);
  return count;
}

/** Keys of a protocol buffer's map are UTF-8. */
function texts(values: readonly Uint8Array[]): readonly string[] | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return values.map((value) => decoder.decode(value));
  } catch {
    return undefined;
  }
}

function sizesOf({ tensorShape }: Message<"TensorProto">): readonly number[] {
  return (tensorShape?.dim ?? []).map(({ size }) => toNumber(size));
}

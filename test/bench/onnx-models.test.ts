import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { onnxModels } from "../../bench/onnx-models.js";

/** The part of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that the models use. */
const SCHEMA = `
  syntax = "proto2";
  message ModelProto { optional int64 ir_version = 1; optional GraphProto graph = 7; repeated Opset opset_import = 8; }
  message Opset { optional string domain = 1; optional int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; optional string op_type = 4; repeated AttributeProto attribute = 5;
  }
  message AttributeProto {
    optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4; repeated int64 ints = 8;
    optional int32 type = 20;
  }
  message TensorProto { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto { optional Tensor tensor_type = 1; message Tensor { optional int32 elem_type = 1; optional Shape shape = 2; } }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
`;

interface Value {
  readonly name: string;
  readonly type: {
    readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly object[] } };
  };
}

interface Decoded {
  readonly irVersion: number;
  readonly opsetImport: readonly { readonly version: number }[];
  readonly graph: {
    readonly node: readonly {
      readonly input: readonly string[];
      readonly output: readonly string[];
      readonly opType: string;
      readonly attribute?: readonly { readonly name: string; readonly f?: number; readonly ints?: readonly number[] }[];
    }[];
    readonly initializer: readonly {
      readonly name: string;
      readonly dims?: readonly number[];
      readonly dataType: number;
      readonly rawData: Uint8Array;
    }[];
    readonly input: readonly Value[];
    readonly output: readonly Value[];
  };
}

function decode(name: string): Decoded {
  const type = protobuf.parse(SCHEMA).root.lookupType("ModelProto");
  const message = type.decode(onnxModels[name]?.() ?? new Uint8Array());
  // As the schema above says.
  return type.toObject(message, { longs: Number }) as Decoded;
}

const size = (dims: readonly number[] = []): number => dims.reduce((product, dim) => product * dim, 1);

// The weights of Keras's MobileNetV2(weights=None), statistics included; those of the others can be counted by hand.
describe.each([
  ["custom_model", 2 * 2 + 2 + 2 * 1 + 1, [1, 2], [1, 1]],
  ["cnn", 864 + 18432 + 36864 + 4 * (32 + 64 + 64) + 64 * 10 + 10, ["N", 3, 32, 32], ["N", 10]],
  ["mobilenet", 3_538_984, ["N", 3, 224, 224], ["N", 1000]],
])("the ONNX model %s", (name, parameters, inputShape, outputShape) => {
  const { graph, irVersion, opsetImport } = decode(name);

  it("has the weights of the SavedModel", () => {
    const weights = graph.initializer.filter(({ dims = [] }) => dims.length > 0);
    expect(weights.reduce((sum, { dims }) => sum + size(dims), 0)).toBe(parameters);
    for (const { dims, dataType, rawData } of graph.initializer) {
      expect(dataType).toBe(1);
      expect(rawData.length).toBe(4 * size(dims));
    }
  });

  it("reads only what is defined before, and gives the last result", () => {
    expect([irVersion, opsetImport]).toEqual([8, [{ version: 17 }]]);
    const known = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
    for (const { input, output } of graph.node) {
      expect(input.filter((name) => !known.has(name))).toEqual([]);
      for (const name of output) known.add(name);
    }
    expect(graph.node.at(-1)?.output).toEqual(graph.output.map(({ name }) => name));
  });

  it("has the shapes of the SavedModel, channels first", () => {
    const shape = ({ type }: Value): readonly unknown[] =>
      type.tensorType.shape.dim.flatMap((dim) => Object.values(dim));
    expect(graph.input.map(shape)).toEqual([inputShape]);
    expect(graph.output.map(shape)).toEqual([outputShape]);
  });
});

it("the networks have as many convolutions, strides and residuals as those of bench/python/author.py", () => {
  const { graph } = decode("mobilenet");
  const count = (type: string): number => graph.node.filter(({ opType }) => opType === type).length;
  // One at each end, and in 17 blocks three, but two in the first.
  expect([count("Conv"), count("BatchNormalization"), count("Clip"), count("Add")]).toEqual([52, 52, 35, 10]);
  const strides = graph.node.flatMap(({ attribute = [] }) =>
    attribute.flatMap(({ name, ints }) => (name === "strides" && ints?.[0] === 2 ? [ints] : [])),
  );
  // 224 pixels become 7.
  expect(strides).toHaveLength(5);
  const epsilons = graph.node.flatMap(({ attribute = [] }) =>
    attribute.flatMap(({ name, f }) => (name === "epsilon" ? [f] : [])),
  );
  // The default of TensorFlow's fused_batch_norm.
  expect(new Set(epsilons)).toEqual(new Set([Math.fround(1e-3)]));
});

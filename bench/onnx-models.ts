import { delimited } from "../test/support/wire.js";
import { message, scalar, string } from "./protobuf.js";

/** Versions of the file format and of the operators (opset), which every onnxruntime since 1.14 reads. */
const [IR_VERSION, OPSET] = [8, 17];
/** `TensorProto.DataType.FLOAT`, and the kinds of attributes (`AttributeProto.AttributeType`). */
const FLOAT = 1;
const [FLOAT_ATTRIBUTE, INT_ATTRIBUTE, STRING_ATTRIBUTE, INTS_ATTRIBUTE] = [1, 2, 3, 7];

/** An attribute of a node: an integer, a floating-point number in `{ float }`, a string, or integers. */
type Attribute = number | string | readonly number[] | { readonly float: number };

/** A graph under construction, whose nodes are applied one after another; weights are random. */
class OnnxGraph {
  readonly #nodes: Uint8Array[] = [];
  readonly #weights: Uint8Array[] = [];

  /** Adds a node, and returns the name of its output. */
  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const output = `y${this.#nodes.length}`;
    this.#nodes.push(
      message(
        ...inputs.map((input) => string(1, input)),
        string(2, output),
        string(4, type),
        ...Object.entries(attributes).map(([name, value]) => delimited(5, message(string(1, name), attribute(value)))),
      ),
    );
    return output;
  }

  /** Adds a tensor of float32, each element from `value`, and returns its name. */
  weights(dims: readonly number[], value: () => number): string {
    const name = `w${this.#weights.length}`;
    const data = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, value);
    this.#weights.push(
      message(
        ...dims.map((size) => scalar(1, size)),
        scalar(2, FLOAT),
        string(8, name),
        delimited(9, new Uint8Array(data.buffer)),
      ),
    );
    return name;
  }

  /** Encodes a ModelProto; a dimension of `"N"` is unknown. */
  model(input: readonly (number | "N")[], output: string, outputShape: readonly (number | "N")[]): Uint8Array {
    const graph = message(
      ...this.#nodes.map((node) => delimited(1, node)),
      string(2, "graph"),
      ...this.#weights.map((tensor) => delimited(5, tensor)),
      delimited(11, valueInfo(INPUT, input)),
      delimited(12, valueInfo(output, outputShape)),
    );
    return message(scalar(1, IR_VERSION), delimited(7, graph), delimited(8, scalar(2, OPSET)));
  }
}

const INPUT = "x";

function attribute(value: Attribute): Uint8Array {
  if (typeof value === "string") return message(string(4, value), scalar(20, STRING_ATTRIBUTE));
  if (typeof value === "number") return message(scalar(3, value), scalar(20, INT_ATTRIBUTE));
  if ("float" in value) {
    // Field 2, of 32 bits.
    const bytes = Buffer.alloc(5, 0x15);
    bytes.writeFloatLE(value.float, 1);
    return message(bytes, scalar(20, FLOAT_ATTRIBUTE));
  }
  return message(...value.map((each) => scalar(8, each)), scalar(20, INTS_ATTRIBUTE));
}

function valueInfo(name: string, shape: readonly (number | "N")[]): Uint8Array {
  const dims = shape.map((size) => delimited(1, size === "N" ? string(2, size) : scalar(1, size)));
  return message(
    string(1, name),
    delimited(2, delimited(1, message(scalar(1, FLOAT), delimited(2, message(...dims))))),
  );
}

/** Numbers that keep the variance of what passes through them. */
const spread = (inputs: number) => (): number => (Math.random() - 0.5) * Math.sqrt(24 / inputs);

function dense(graph: OnnxGraph, x: string, inputs: number, outputs: number): string {
  return graph.node("Gemm", [x, graph.weights([inputs, outputs], spread(inputs)), graph.weights([outputs], () => 0)]);
}

/** A convolution as in bench/python/author.py, with its batch normalization and ReLU6. */
interface Convolution {
  readonly inputs: number;
  readonly filters: number;
  readonly size?: number;
  readonly stride?: number;
  readonly isDepthwise?: boolean;
  readonly isLinear?: boolean;
}

function convolution(graph: OnnxGraph, x: string, options: Convolution): string {
  const { inputs, filters, size = 3, stride = 1, isDepthwise = false, isLinear = false } = options;
  const fanIn = isDepthwise ? 1 : inputs;
  const kernel = graph.weights([filters, fanIn, size, size], spread(fanIn * size * size));
  const convolved = graph.node("Conv", [x, kernel], {
    auto_pad: "SAME_UPPER",
    group: isDepthwise ? inputs : 1,
    strides: [stride, stride],
  });
  const statistics = [0.9, -0.1, -0.1, 0.9].map((low) => graph.weights([filters], () => low + Math.random() * 0.2));
  const normalized = graph.node("BatchNormalization", [convolved, ...statistics], { epsilon: { float: 1e-3 } });
  if (isLinear) return normalized;
  return graph.node("Clip", [normalized, graph.weights([], () => 0), graph.weights([], () => 6)]);
}

function classifier(graph: OnnxGraph, x: string, channels: number, classes: number): string {
  const means = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])]);
  return graph.node("Softmax", [dense(graph, means, channels, classes)]);
}

function pred(): Uint8Array {
  const graph = new OnnxGraph();
  const hidden = dense(graph, INPUT, 2, 2);
  return graph.model([1, 2], dense(graph, hidden, 2, 1), [1, 1]);
}

function cnn(): Uint8Array {
  const graph = new OnnxGraph();
  let x = convolution(graph, INPUT, { inputs: 3, filters: 32 });
  x = convolution(graph, x, { inputs: 32, filters: 64, stride: 2 });
  x = convolution(graph, x, { inputs: 64, filters: 64, stride: 2 });
  return graph.model(["N", 3, 32, 32], classifier(graph, x, 64, 10), ["N", 10]);
}

/** Expansion, channels, number of blocks, and the stride of the first: table 2 of the paper. */
const BLOCKS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

function mobilenet(): Uint8Array {
  const graph = new OnnxGraph();
  let x = convolution(graph, INPUT, { inputs: 3, filters: 32, stride: 2 });
  let inputs = 32;
  for (const [expansion, filters, count, firstStride] of BLOCKS) {
    for (let index = 0; index < count; index++) {
      const channels = inputs * expansion;
      const stride = index === 0 ? firstStride : 1;
      let y = expansion === 1 ? x : convolution(graph, x, { inputs, filters: channels, size: 1 });
      y = convolution(graph, y, { inputs: channels, filters: channels, stride, isDepthwise: true });
      y = convolution(graph, y, { inputs: channels, filters, size: 1, isLinear: true });
      x = stride === 1 && inputs === filters ? graph.node("Add", [x, y]) : y;
      inputs = filters;
    }
  }
  x = convolution(graph, x, { inputs, filters: 1280, size: 1 });
  return graph.model(["N", 3, 224, 224], classifier(graph, x, 1280, 1000), ["N", 1000]);
}

/**
 * Writers of ONNX files with the layers of the models that the benchmarks call: `pred` of test/models/custom_model, and the
 * networks of bench/python/author.py, with images as ONNX has them, channels first. Weights are random, and not the same:
 * they do not change the time of a call.
 */
export const onnxModels: Readonly<Record<string, () => Uint8Array>> = { custom_model: pred, cnn, mobilenet };

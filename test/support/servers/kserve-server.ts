import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { ExactNumber, parseExactJson } from "../../../runtime/engines/remote/exact-json.js";
import { type AnyTensor, type DType, Model, type SignatureInfo, Tensor } from "../../../runtime/index.js";
import { modelFolder } from "../temp.js";
import {
  Counters,
  killHttp,
  listenGrpc,
  listenHttp,
  rawSignatures,
  type ServerFaults,
  StatusError,
  type TestServer,
  toJson,
  unary,
  withCounters,
} from "./test-server.js";

// A server of the Open Inference Protocol for tests: the wire formats in front of a model that TensorFlow runs in this
// process. Triton and MLServer, which are separate programs, are in real-servers.test.ts.

const proto = fileURLToPath(new URL("../../../runtime/engines/kserve/inference.proto", import.meta.url));
const { root } = protobuf.parse(readFileSync(proto, "utf8"), { keepCase: true });

const DTYPES: Readonly<Record<string, DType>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  BF16: "bfloat16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};

interface WireTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (number | string)[];
}

/** Models of a server: one for each signature of a SavedModel, `NAME.SIGNATURE`. */
class Served {
  readonly #model: Model;
  readonly #name: string;
  readonly #faults: ServerFaults;
  readonly #signatures: readonly SignatureInfo[];

  constructor(name: string, faults: ServerFaults) {
    this.#model = Model.load(modelFolder(name));
    this.#signatures = rawSignatures(name);
    this.#name = name;
    this.#faults = faults;
  }

  /** Returns the signature that a model stands for. */
  signature(model: string): string | undefined {
    return this.#signatures.find(({ key }) => `${this.#name}.${key}` === model)?.key;
  }

  metadata(model: string): object | undefined {
    const key = this.signature(model);
    const signature = this.#signatures.find((each) => each.key === key);
    if (signature === undefined) return undefined;
    const { hasNoMetadata, hasNoScalars } = this.#faults;
    const describe = ({ key, dtype, shape }: (typeof signature.inputs)[number]): WireTensor => ({
      name: key,
      datatype: Object.keys(DTYPES).find((name) => DTYPES[name] === dtype) ?? dtype,
      shape: shape?.length === 0 && hasNoScalars ? [1] : (shape ?? []).map((size) => size ?? -1),
    });
    const list = (tensors: typeof signature.inputs): readonly WireTensor[] =>
      hasNoMetadata ? [] : tensors.map(describe);
    return { name: model, platform: "test", inputs: list(signature.inputs), outputs: list(signature.outputs) };
  }

  async run(
    model: string,
    inputs: readonly { readonly tensor: WireTensor; readonly value: Tensor }[],
  ): Promise<Readonly<Record<string, AnyTensor>> | undefined> {
    const key = this.signature(model);
    if (key === undefined) return undefined;
    const signature = this.#signatures.find((each) => each.key === key);
    const values = inputs.map(({ tensor, value }) => {
      const isScalar = signature?.inputs.find((input) => input.key === tensor.name)?.shape?.length === 0;
      return [tensor.name, isScalar && this.#faults.hasNoScalars ? value.reshape([]) : value];
    });
    return await this.#model.runAsync(key, Object.fromEntries(values));
  }

  shapeOf(tensor: Tensor): readonly number[] {
    return tensor.shape.length === 0 && this.#faults.hasNoScalars ? [1] : tensor.shape;
  }

  close(): void {
    this.#model.dispose();
  }
}

function fromRaw({ datatype, shape }: WireTensor, bytes: Uint8Array): Tensor {
  const dtype = DTYPES[datatype];
  if (dtype === undefined) throw new Error(`unknown datatype ${datatype}`);
  const sizes = shape.map(Number);
  if (dtype !== "string") {
    return Tensor.from(dtype, arrayOf(dtype, Uint8Array.from(bytes)) as never, sizes);
  }
  const strings: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
    strings.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return Tensor.from("string", strings as never, sizes);
}

function arrayOf(dtype: DType, { buffer }: Uint8Array): unknown {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "int64":
      return new BigInt64Array(buffer as ArrayBuffer);
    case "uint64":
      return new BigUint64Array(buffer as ArrayBuffer);
    case "int32":
      return new Int32Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "int8":
      return new Int8Array(buffer);
    case "uint16":
    case "float16":
    case "bfloat16":
      return new Uint16Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

function toRaw(tensor: Tensor): Buffer {
  if (tensor.dtype !== "string") {
    const { buffer, byteOffset, byteLength } = tensor.data as Float32Array;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  return Buffer.concat(
    (tensor as Tensor<"string">).bytes.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, Buffer.from(bytes)];
    }),
  );
}

function datatypeOf(tensor: Tensor): string {
  return Object.keys(DTYPES).find((name) => DTYPES[name] === tensor.dtype) ?? tensor.dtype;
}

/** Starts the protocol over gRPC. */
export async function startKServeGrpc(model: string, faults: ServerFaults = {}): Promise<TestServer> {
  const served = new Served(model, faults);
  const counters = new Counters();
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const method = (name: string, request: string, response: string): grpc.MethodDefinition<object, object> => ({
    path: `/inference.GRPCInferenceService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes) =>
      root
        .lookupType(request)
        .toObject(root.lookupType(request).decode(bytes), { longs: Number, defaults: true, arrays: true }),
    responseSerialize: (value) => {
      const bytes = root.lookupType(response).encode(root.lookupType(response).fromObject(value)).finish();
      return Buffer.from(name === "ModelInfer" ? (faults.mangle?.(bytes) ?? bytes) : bytes);
    },
    responseDeserialize: () => ({}),
  });
  server.addService(
    {
      ServerReady: method("ServerReady", "Empty", "ServerReadyResponse"),
      ModelMetadata: method("ModelMetadata", "ModelMetadataRequest", "ModelMetadataResponse"),
      ModelInfer: method("ModelInfer", "ModelInferRequest", "ModelInferResponse"),
    },
    {
      ServerReady: unary(async () => ({ ready: true })),
      ModelMetadata: unary(async ({ name }: { name: string }) => served.metadata(name) ?? notFound(name)),
      ModelInfer: unary(
        async (
          request: {
            model_name: string;
            model_version: string;
            inputs: readonly WireTensor[];
            outputs: readonly { name: string }[];
            raw_input_contents: readonly Uint8Array[];
          },
          call,
        ) => {
          counters.calls++;
          counters.headers = call.metadata.getMap();
          call.on("cancelled", () => counters.canceled++);
          await faults.before?.(counters.calls);
          const inputs = request.inputs.map((tensor, index) => ({
            tensor,
            value: fromRaw(tensor, request.raw_input_contents[index] ?? new Uint8Array()),
          }));
          const results = await served.run(request.model_name, inputs);
          if (results === undefined) return notFound(request.model_name);
          // In another order than they were asked for.
          const outputs = request.outputs.map(({ name }) => ({ name, tensor: results[name] as Tensor })).reverse();
          return {
            model_name: request.model_name,
            model_version: request.model_version || "3",
            outputs: outputs.map(({ name, tensor }) => ({
              name,
              datatype: datatypeOf(tensor),
              shape: served.shapeOf(tensor),
            })),
            raw_output_contents: outputs.map(({ tensor }) => toRaw(tensor)),
          };
        },
      ),
    },
  );
  const port = await listenGrpc(server, faults);
  const kill = async (): Promise<void> => {
    server.forceShutdown();
    served.close();
  };
  const url = `${faults.credentials === undefined ? "grpc" : "grpcs"}://127.0.0.1:${port}`;
  return withCounters({ url, port, kill }, counters);
}

function notFound(model: string): never {
  throw new StatusError(grpc.status.NOT_FOUND, 404, `unknown model ${model}`);
}

/** Starts the protocol over HTTP. */
export async function startKServeRest(model: string, faults: ServerFaults = {}): Promise<TestServer> {
  const served = new Served(model, faults);
  const counters = new Counters();
  const infer = async (name: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    counters.calls++;
    counters.headers = request.headers;
    response.on("close", () => {
      if (!response.writableFinished) counters.canceled++;
    });
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    await faults.before?.(counters.calls);
    const size = Number(request.headers["inference-header-content-length"] ?? body.length);
    const json = parseExactJson(body.subarray(0, size).toString()) as {
      inputs: (WireTensor & { data?: unknown; parameters?: { binary_data_size?: number } })[];
      outputs: { name: string; parameters?: { binary_data?: boolean } }[];
    };
    let offset = size;
    const inputs = json.inputs.map((tensor) => {
      const length = tensor.parameters?.binary_data_size;
      if (length === undefined) return { tensor, value: fromJson(tensor) };
      offset += length;
      return { tensor, value: fromRaw(tensor, body.subarray(offset - length, offset)) };
    });
    const results = await served.run(name, inputs);
    if (results === undefined) return notFound(name);
    const binary: Buffer[] = [];
    const outputs = [...json.outputs].reverse().map(({ name, parameters }) => {
      const tensor = results[name] as Tensor;
      const output = { name, datatype: datatypeOf(tensor), shape: served.shapeOf(tensor) };
      if (parameters?.binary_data !== true) {
        return { ...output, data: [tensor.reshape([tensor.size]).toArray()].flat(3) };
      }
      const raw = toRaw(tensor);
      binary.push(raw);
      return { ...output, parameters: { binary_data_size: raw.length } };
    });
    const head = Buffer.from(toJson({ model_name: name, model_version: "3", outputs }));
    const bytes = Buffer.concat([head, ...binary]);
    if (binary.length > 0) response.setHeader("Inference-Header-Content-Length", head.length);
    response.end(faults.mangle?.(bytes) ?? bytes);
  };
  const { port, server } = await listenHttp(faults.port ?? 0, async (request, response) => {
    const [, model = "", action] =
      /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?(\/infer)?$/.exec(request.url ?? "") ?? [];
    if (request.url === "/v2/health/ready") response.end();
    else if (request.url === "/v2") {
      const extensions = faults.isBinary === false ? [] : ["binary_tensor_data"];
      response.end(JSON.stringify({ name: "test", version: "1", extensions }));
    } else if (action === "/infer") await infer(decodeURIComponent(model), request, response);
    else response.end(JSON.stringify(served.metadata(decodeURIComponent(model)) ?? notFound(model)));
  });
  const kill = async (): Promise<void> => {
    await killHttp(server);
    served.close();
  };
  return withCounters({ url: `http://127.0.0.1:${port}`, port, kill }, counters);
}

function fromJson({ datatype, shape, data }: WireTensor & { readonly data?: unknown }): Tensor {
  const dtype = DTYPES[datatype];
  if (dtype === undefined) throw new Error(`unknown datatype ${datatype}`);
  const exact = (data as readonly unknown[]).map((item) => (item instanceof ExactNumber ? BigInt(item.text) : item));
  return Tensor.from(dtype, exact as never, shape.map(Number));
}

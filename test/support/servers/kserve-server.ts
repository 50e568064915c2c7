import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { type AnyTensor, type DType, Model, SavedModelError, Tensor } from "../../../runtime/index.js";
import { modelFolder } from "../temp.js";

// A server of the Open Inference Protocol for tests: the wire formats in front of a model that TensorFlow runs in this
// process. Triton and MLServer, which are separate programs, are in `npm run conformance`.

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

/** Behavior of a server beside computing. */
export interface ServerFaults {
  /** Called before each inference. A promise delays it; an error is its answer. */
  readonly before?: (call: number) => Promise<void> | void;
  /** Changes the bytes of an answer. */
  readonly mangle?: (bytes: Uint8Array) => Uint8Array;
  /** True for a server that has no scalars: they are vectors of one element, as in Triton. */
  readonly hasNoScalars?: boolean;
  /** True for a server that says nothing of its models' tensors, as MLServer without settings. */
  readonly hasNoMetadata?: boolean;
  /** False for a server without the extension for binary data. */
  readonly isBinary?: boolean;
  /** TLS credentials of the gRPC server. */
  readonly credentials?: grpc.ServerCredentials;
  /** The port to listen on; by default a free one. */
  readonly port?: number;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Number of inferences that were asked for. */
  readonly calls: number;
  /** Number of inferences whose client has gone before the answer. */
  readonly canceled: number;
  /** Headers of the last inference. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Closes all connections at once. */
  kill(): Promise<void>;
}

/** State that the test reads. */
class Counters {
  calls = 0;
  canceled = 0;
  headers: Readonly<Record<string, unknown>> = {};
}

/** Models of a server: one for each signature of a SavedModel, `NAME.SIGNATURE`. */
class Served {
  readonly #model: Model;
  readonly #name: string;
  readonly #faults: ServerFaults;

  constructor(name: string, faults: ServerFaults) {
    this.#model = Model.load(modelFolder(name));
    this.#name = name;
    this.#faults = faults;
  }

  /** Returns the signature that a model stands for. */
  signature(model: string): string | undefined {
    return this.#model.signatures.find(({ key }) => `${this.#name}.${key}` === model)?.key;
  }

  metadata(model: string): object | undefined {
    const key = this.signature(model);
    const signature = this.#model.signatures.find((each) => each.key === key);
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
    const signature = this.#model.signatures.find((each) => each.key === key);
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
  const unary = (run: (request: never, call: grpc.ServerUnaryCall<object, object>) => Promise<object>) =>
    ((call, callback) => {
      run(call.request as never, call).then(
        (answer) => callback(null, answer),
        (error: unknown) => callback(grpcError(error)),
      );
    }) satisfies grpc.handleUnaryCall<object, object>;
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
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = faults.credentials ?? grpc.ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${faults.port ?? 0}`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const kill = async (): Promise<void> => {
    server.forceShutdown();
    served.close();
  };
  const url = `${faults.credentials === undefined ? "grpc" : "grpcs"}://127.0.0.1:${port}`;
  return withCounters({ url, port, kill }, counters);
}

function withCounters({ url, port, kill }: Pick<TestServer, "url" | "port" | "kill">, counters: Counters): TestServer {
  return {
    url,
    port,
    kill,
    get calls() {
      return counters.calls;
    },
    get canceled() {
      return counters.canceled;
    },
    get headers() {
      return counters.headers;
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** An error with a status of its own, as a server answers it. */
export class StatusError extends Error {
  readonly status: number;
  readonly httpStatus: number;

  constructor(status: number, httpStatus: number, message: string) {
    super(message);
    this.status = status;
    this.httpStatus = httpStatus;
  }
}

function notFound(model: string): never {
  throw new StatusError(grpc.status.NOT_FOUND, 404, `unknown model ${model}`);
}

function grpcError(error: unknown): Partial<grpc.StatusObject> {
  const details = error instanceof Error ? error.message : String(error);
  if (error instanceof StatusError) return { code: error.status, details };
  return { code: error instanceof SavedModelError ? grpc.status.INVALID_ARGUMENT : grpc.status.INTERNAL, details };
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
    const json = JSON.parse(body.subarray(0, size).toString()) as {
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
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const [, model = "", action] =
        /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?(\/infer)?$/.exec(request.url ?? "") ?? [];
      if (request.url === "/v2/health/ready") response.end();
      else if (request.url === "/v2") {
        const extensions = faults.isBinary === false ? [] : ["binary_tensor_data"];
        response.end(JSON.stringify({ name: "test", version: "1", extensions }));
      } else if (action === "/infer") await infer(decodeURIComponent(model), request, response);
      else response.end(JSON.stringify(served.metadata(decodeURIComponent(model)) ?? notFound(model)));
    };
    answer().catch((error: unknown) => {
      response.statusCode =
        error instanceof StatusError ? error.httpStatus : error instanceof SavedModelError ? 400 : 500;
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(faults.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    served.close();
  };
  return withCounters({ url: `http://127.0.0.1:${port}`, port, kill }, counters);
}

/** The digits of 64-bit integers, as C++ and Python write them. */
function toJson(value: object): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? `#${item}#` : item)).replaceAll(
    /"#(-?\d+)#"/g,
    "$1",
  );
}

function fromJson({ datatype, shape, data }: WireTensor & { readonly data?: unknown }): Tensor {
  const dtype = DTYPES[datatype];
  if (dtype === undefined) throw new Error(`unknown datatype ${datatype}`);
  return Tensor.from(dtype, data as never, shape.map(Number));
}

import { isRecord } from "../../base/is-record.js";
import type { DenseValue } from "../../engine.js";
import type { DTypeInfo } from "../../tensor/dtype.js";
import { addressOf } from "../remote/addresses.js";
import type { ServedTensor } from "../remote/compare-served.js";
import { parseExactJson } from "../remote/exact-json.js";
import { type HttpResponse, HttpServer } from "../remote/http-server.js";
import { flattenJson, type JsonForm, readElements, textOf, writeElements } from "../remote/json-elements.js";
import type { Protocol, WireCall } from "../remote/remote-engine.js";
import type { RemoteSettings } from "../remote/remote-options.js";
import type { SendOptions } from "../remote/requests.js";
import { dtypeOf, lacks } from "./datatypes.js";
import { findOutput, fromRaw, rawBytes, sentTensors } from "./kserve-values.js";
import { describeModels, type ModelNaming } from "./model-naming.js";

/** Header with the size of the JSON before the binary data (extension `binary_tensor_data`). */
const JSON_SIZE = "inference-header-content-length";
/** Names under which servers announce the extension. */
const BINARY: ReadonlySet<unknown> = new Set(["binary_tensor_data", "binary_data"]);

const JSON_FORM: JsonForm = {
  string: (bytes, input, call) => JSON.stringify(textOf(bytes, input, call)),
  isSafeOnly: false,
};

/** Makes the protocol over HTTP: binary where the server announces the extension for it, else JSON. */
export async function kserveRest(settings: RemoteSettings, naming: ModelNaming): Promise<Protocol<HttpServer>> {
  const { maxMessageBytes, fetch } = settings;
  let isBinary: boolean | undefined;
  const pathOf = (model: string): string => {
    const version = naming.version === "" ? "" : `/versions/${encodeURIComponent(naming.version)}`;
    return `/v2/models/${encodeURIComponent(model)}${version}`;
  };
  return {
    name: "kserve",
    isExact: false,
    servers: settings.urls.map((url) => new HttpServer(addressOf(url), "/v2/health/ready", maxMessageBytes, fetch)),
    lacks,
    async describe(server, keys, options) {
      isBinary ??= await announcesBinary(server, options);
      return await describeModels(keys, naming, async (name) => {
        const { body } = await server.request({ ...options, method: "GET", path: pathOf(name) });
        const metadata = parseBody(body);
        return { inputs: servedTensors(metadata.inputs), outputs: servedTensors(metadata.outputs) };
      });
    },
    encode: (call) => {
      const { body, headers } = isBinary === true ? encodeBinary(call) : encodeJson(call);
      const path = `${pathOf(naming.modelOf(call.key))}/infer`;
      return {
        async send(server, options) {
          const request = {
            ...options,
            method: "POST" as const,
            path,
            headers: { ...options.headers, ...headers },
            body,
          };
          return readAnswer(call, await server.request(request));
        },
      };
    },
  };
}

async function announcesBinary(server: HttpServer, options: SendOptions): Promise<boolean> {
  const { body } = await server.request({ ...options, method: "GET", path: "/v2" });
  const { extensions } = parseBody(body);
  return Array.isArray(extensions) && extensions.some((name) => BINARY.has(name));
}

function parseBody(body: Uint8Array): Readonly<Record<string, unknown>> {
  const parsed = parseExactJson(new TextDecoder().decode(body));
  if (!isRecord(parsed)) throw new RangeError("it is not a JSON object");
  return parsed;
}

/** Reads the tensors of a model's metadata; undefined where the server says nothing of them. */
function servedTensors(tensors: unknown): readonly ServedTensor[] | undefined {
  if (!Array.isArray(tensors) || tensors.length === 0) return undefined;
  return tensors.map((tensor: unknown) => {
    if (!isRecord(tensor) || typeof tensor.name !== "string" || typeof tensor.datatype !== "string") {
      throw new RangeError("a tensor of the model has no name or datatype");
    }
    const shape = numbers(tensor.shape).map((size) => (size < 0 ? null : size));
    return { key: tensor.name, dtype: dtypeOf(tensor.datatype), shape };
  });
}

function numbers(value: unknown): readonly number[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value as readonly number[];
  throw new RangeError("a shape is not an array of numbers");
}

interface Encoded {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

function encodeJson(call: WireCall): Encoded {
  const sent = sentTensors(call);
  const inputs = call.inputs.map((input, index) => {
    // The digits of 64-bit integers are written as they are.
    const data = `[${writeElements(input, JSON_FORM, call.name).join(",")}]`;
    return `${JSON.stringify(sent[index]).slice(0, -1)},"data":${data}}`;
  });
  const outputs = JSON.stringify(call.outputs.map(({ key }) => ({ name: key })));
  return {
    body: `{"inputs":[${inputs.join(",")}],"outputs":${outputs}}`,
    headers: { "content-type": "application/json" },
  };
}

function encodeBinary(call: WireCall): Encoded {
  const parts = call.inputs.map(rawBytes);
  const inputs = sentTensors(call).map((tensor, index) => ({
    ...tensor,
    parameters: { binary_data_size: parts[index]?.byteLength ?? 0 },
  }));
  const outputs = call.outputs.map(({ key }) => ({ name: key, parameters: { binary_data: true } }));
  const json = new TextEncoder().encode(JSON.stringify({ inputs, outputs }));
  const body = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, json.length));
  body.set(json);
  let offset = json.length;
  for (const part of parts) {
    body.set(part, offset);
    offset += part.byteLength;
  }
  return { body, headers: { "content-type": "application/octet-stream", [JSON_SIZE]: String(json.length) } };
}

interface JsonTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: unknown;
  /** Its bytes, where they follow the JSON. */
  readonly bytes: Uint8Array | undefined;
}

function readAnswer(
  call: WireCall,
  { body, headers }: HttpResponse,
): { readonly values: readonly DenseValue[]; readonly version?: string } {
  const announced = headers.get(JSON_SIZE);
  const size = announced === null ? body.byteLength : Number(announced);
  if (!Number.isSafeInteger(size) || size < 0 || size > body.byteLength) {
    throw new RangeError(`the header ${JSON_SIZE} is ${JSON.stringify(announced)}, of ${body.byteLength} bytes`);
  }
  const answer = parseBody(body.subarray(0, size));
  const received = readTensors(answer.outputs, body.subarray(size));
  const values = call.outputs.map((output) =>
    findOutput(output, received, ({ shape, data, bytes }, _index, dtype) =>
      bytes === undefined ? fromJson(dtype, shape, data) : fromRaw(dtype, shape, bytes),
    ),
  );
  const version = answer.model_version;
  return { values, ...(typeof version === "string" ? { version } : {}) };
}

/** Reads the outputs of an answer. Binary data follow the JSON in the order of the outputs. */
function readTensors(outputs: unknown, binary: Uint8Array): readonly JsonTensor[] {
  if (!Array.isArray(outputs)) throw new RangeError("it has no outputs");
  let offset = 0;
  const tensors = outputs.map((output: unknown) => {
    if (!isRecord(output) || typeof output.name !== "string" || typeof output.datatype !== "string") {
      throw new RangeError("an output has no name or datatype");
    }
    const size: unknown = isRecord(output.parameters) ? output.parameters.binary_data_size : undefined;
    let bytes: Uint8Array | undefined;
    if (size !== undefined) {
      if (!Number.isSafeInteger(size) || Number(size) < 0 || offset + Number(size) > binary.byteLength) {
        throw new RangeError(
          `binary_data_size is ${JSON.stringify(size)}, with ${binary.byteLength - offset} bytes left`,
        );
      }
      bytes = binary.subarray(offset, offset + Number(size));
      offset += Number(size);
    }
    return { name: output.name, datatype: output.datatype, shape: numbers(output.shape), data: output.data, bytes };
  });
  if (offset !== binary.byteLength) throw new RangeError(`${binary.byteLength - offset} bytes belong to no output`);
  return tensors;
}

/** Elements in JSON may be flat or nested. */
function fromJson(dtype: DTypeInfo, shape: readonly number[], data: unknown): DenseValue {
  if (!Array.isArray(data)) throw new RangeError("an output has no data");
  return readElements(dtype, shape, flattenJson(data).items);
}

import { SavedModelError } from "../../base/errors.js";
import { isRecord } from "../../base/is-record.js";
import { quote } from "../../base/text.js";
import type { DenseValue } from "../../engine.js";
import type { DTypeInfo } from "../../tensor/dtype.js";
import { formatSizes, type ShapeSpec } from "../../tensor/shape.js";
import { addressOf } from "../remote/addresses.js";
import type { ServedSignature, ServedTensor } from "../remote/compare-served.js";
import { parseExactJson } from "../remote/exact-json.js";
import { HttpServer } from "../remote/http-server.js";
import {
  flattenJson,
  type JsonForm,
  nestJson,
  readElements,
  toBase64,
  writeElements,
} from "../remote/json-elements.js";
import type { Protocol, WireCall, WireInput, WireTensor } from "../remote/remote-engine.js";
import type { RemoteSettings } from "../remote/remote-options.js";
import type { ModelChoice } from "./model-choice.js";

/** Form of a request: each input as a whole, or one object per row. */
export type RestFormat = "columns" | "rows";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const JSON_FORM: JsonForm = {
  string: (bytes) => {
    try {
      return JSON.stringify(utf8.decode(bytes));
    } catch {
      return JSON.stringify({ b64: toBase64(bytes) });
    }
  },
  isSafeOnly: true,
};

/** Names of dtypes in the protocol's JSON, where they are not `DT_` and the name in capitals. */
const DTYPES: ReadonlyMap<unknown, string> = new Map([
  ["DT_FLOAT", "float32"],
  ["DT_DOUBLE", "float64"],
  ["DT_HALF", "float16"],
]);

/** Dtypes with elements in the protocol's JSON. */
const CARRIED: ReadonlySet<string> = new Set([
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
  "string",
]);

/** Makes the protocol over HTTP. */
export function servingRest(settings: RemoteSettings, choice: ModelChoice, format: RestFormat): Protocol<HttpServer> {
  const model = `/v1/models/${encodeURIComponent(settings.model)}`;
  const path = `${model}${pathOf(choice)}`;
  return {
    name: "serving",
    isExact: true,
    servers: settings.urls.map(
      (url) => new HttpServer(addressOf(url), model, settings.maxMessageBytes, settings.fetch),
    ),
    lacks,
    async describe(server, keys, options): Promise<ReadonlyMap<string, ServedSignature>> {
      const { body } = await server.request({ ...options, method: "GET", path: `${path}/metadata` });
      const signatures = signatureDefs(parse(body));
      return new Map(
        Object.entries(signatures)
          .filter(([key]) => keys?.includes(key) !== false)
          .map(([key, signature]) => [key, servedSignature(signature)]),
      );
    },
    encode: (call) => {
      const inputs = format === "rows" ? encodeRows(call) : encodeColumns(call);
      const body = `{"signature_name":${JSON.stringify(call.key)},${inputs}}`;
      return {
        async send(server, options) {
          const headers = { ...options.headers, "content-type": "application/json" };
          const answer = await server.request({ ...options, headers, method: "POST", path: `${path}:predict`, body });
          return { values: readAnswer(call, parse(answer.body), format) };
        },
      };
    },
  };
}

function pathOf({ version, label }: ModelChoice): string {
  if (version !== undefined) return `/versions/${version}`;
  return label === undefined ? "" : `/labels/${encodeURIComponent(label)}`;
}

function lacks({ name }: DTypeInfo): string | undefined {
  return CARRIED.has(name) ? undefined : "the REST form has no elements of it; connect to a grpc:// address";
}

function parse(body: Uint8Array): Readonly<Record<string, unknown>> {
  const parsed = parseExactJson(new TextDecoder().decode(body));
  if (!isRecord(parsed)) throw new RangeError("it is not a JSON object");
  return parsed;
}

function signatureDefs({ metadata }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const map = isRecord(metadata) ? metadata.signature_def : undefined;
  const signatures = isRecord(map) ? map.signature_def : undefined;
  if (!isRecord(signatures)) throw new RangeError("it has no signature_def");
  return signatures;
}

function servedSignature(signature: unknown): ServedSignature {
  if (!isRecord(signature)) throw new RangeError("a signature is not an object");
  const optional = isRecord(signature.defaults) ? Object.keys(signature.defaults) : [];
  const inputs = servedTensors(signature.inputs).map((input) =>
    optional.includes(input.key) ? { ...input, optional: true as const } : input,
  );
  return { inputs, outputs: servedTensors(signature.outputs) };
}

function servedTensors(tensors: unknown): readonly ServedTensor[] {
  return Object.entries(isRecord(tensors) ? tensors : {}).map(([key, info]) => {
    const { dtype, tensor_shape: shape } = isRecord(info) ? info : {};
    return { key, dtype: DTYPES.get(dtype) ?? String(dtype).replace("DT_", "").toLowerCase(), shape: readShape(shape) };
  });
}

/** A TensorShapeProto in JSON, whose sizes are strings. */
function readShape(shape: unknown): ShapeSpec {
  if (!isRecord(shape) || shape.unknown_rank === true) return null;
  const dims: readonly unknown[] = Array.isArray(shape.dim) ? shape.dim : [];
  return dims.map((dim) => {
    const size = Number(isRecord(dim) ? dim.size : Number.NaN);
    if (!Number.isSafeInteger(size)) throw new RangeError("a size of a shape is not an integer");
    return size < 0 ? null : size;
  });
}

function encodeColumns({ inputs, name }: WireCall): string {
  const columns = inputs.map((input) => {
    requireShape(input, name);
    const elements = writeElements(input, JSON_FORM, name);
    return `${JSON.stringify(input.key)}:${nestJson(input.value.shape, elements)}`;
  });
  return `"inputs":{${columns.join(",")}}`;
}

/** @throws SavedModelError `INVALID_SHAPE` for a value whose shape nested arrays do not tell: `[0, 2]` becomes `[]` */
function requireShape({ key, value: { shape } }: WireInput, call: string): void {
  const axis = shape.indexOf(0);
  if (axis < 0 || axis === shape.length - 1) return;
  throw new SavedModelError(
    "INVALID_SHAPE",
    `${call}: input ${quote(key)} is ${formatSizes(shape)}, a shape that JSON does not carry without elements`,
    { fix: "Connect to the server's gRPC address: `grpc://host:port`." },
  );
}

function encodeRows({ inputs, name }: WireCall): string {
  const rows = inputs[0]?.value.shape[0] ?? 0;
  const other = inputs.find(({ value }) => value.shape[0] !== rows);
  if (rows === 0 || other !== undefined) throw withoutRows(name, other ?? inputs[0], rows);
  const encoded = inputs.map((input) => {
    requireShape(input, name);
    const elements = writeElements(input, JSON_FORM, name);
    const size = elements.length / rows;
    return { key: JSON.stringify(input.key), shape: input.value.shape.slice(1), elements, size };
  });
  const instances = Array.from({ length: rows }, (_, row) => {
    const items = encoded.map(({ key, shape, elements, size }) => {
      return `${key}:${nestJson(shape, elements.slice(row * size, (row + 1) * size))}`;
    });
    return `{${items.join(",")}}`;
  });
  return `"instances":[${instances.join(",")}]`;
}

function withoutRows(call: string, input: WireInput | undefined, rows: number): SavedModelError {
  const what =
    input === undefined
      ? "a call without inputs"
      : `input ${quote(input.key)} of shape ${formatSizes(input.value.shape)}`;
  const expected = rows === 0 ? "at least one row" : `${rows} rows, like the first input`;
  return new SavedModelError("INVALID_SHAPE", `${call}: ${what} does not have ${expected}, as the row format needs`, {
    fix: 'Use `format: "columns"`.',
  });
}

function readAnswer(
  { outputs }: WireCall,
  answer: Readonly<Record<string, unknown>>,
  format: RestFormat,
): readonly DenseValue[] {
  if (format === "columns") {
    const columns = answer.outputs;
    if (columns === undefined) throw new RangeError("it has no outputs");
    return outputs.map((output) => readColumn(output, isNamed(columns, output) ? columns[output.key] : columns));
  }
  const { predictions } = answer;
  if (!Array.isArray(predictions)) throw new RangeError("it has no predictions");
  return outputs.map((output) =>
    readColumn(
      output,
      predictions.map((row: unknown) => (isNamed(row, output) ? row[output.key] : row)),
    ),
  );
}

/** The only output of a signature has no name in an answer. */
function isNamed(value: unknown, { key }: WireTensor): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && Object.hasOwn(value, key);
}

function readColumn({ dtype, shape: expected }: WireTensor, column: unknown): DenseValue {
  const { shape, items } = flattenJson(column);
  const known = expected?.slice(shape.length).map((size) => size ?? 0) ?? [];
  // Nested arrays without elements do not tell the sizes that follow.
  return readElements(dtype, shape.at(-1) === 0 ? [...shape, ...known] : shape, items);
}

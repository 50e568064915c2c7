import { compareCodeUnits, compareNatural, quote } from "../base/text.js";
import { dtypeName, isDType } from "../tensor/dtype.js";
import { formatShape, MAX_RANK, type ShapeSpec } from "../tensor/shape.js";
import { readComposite, readSparse } from "./composite-spec.js";
import { readDefault } from "./default-value.js";
import { operationOf } from "./graph/graph.js";
import { type GraphTensors, openConstants, openTensors } from "./graph/graph-tensors.js";
import { decode, type Message } from "./proto/decode.js";
import { readShape } from "./shape-proto.js";
import type { SignatureInfo, TensorInfo } from "./signature-info.js";

/**
 * Pseudo-signatures that TensorFlow's loader runs by itself (tensorflow/cc/saved_model/constants.h): one output without
 * a tensor, to be hidden.
 */
const HIDDEN: ReadonlySet<string> = new Set(["__saved_model_init_op", "__saved_model_train_op"]);

/** Returns true for a signature that TensorFlow's loader runs by itself. */
export function isHidden(key: string): boolean {
  return HIDDEN.has(key);
}

/**
 * The signatures of a meta graph, sorted by key. Inputs and outputs are in natural order: the file's own order means
 * nothing, because a proto map has none.
 *
 * A signature that contradicts its graph is what the graph says, with a note: that is what runs.
 */
export function readSignatures(
  metaGraph: Pick<Message<"MetaGraphDef">, "graphDef" | "signatureDef">,
): readonly SignatureInfo[] {
  const byKey = new Map<string, Message<"SignatureDef">>();
  for (const { key, value } of metaGraph.signatureDef) {
    if (value !== null && !isHidden(key)) byKey.set(key, value);
  }
  const reader = new SignatureReader(metaGraph.graphDef, [...byKey.values()]);
  return [...byKey].sort(([a], [b]) => compareCodeUnits(a, b)).map(([key, value]) => reader.read(key, value));
}

/** Reads SignatureDefs, and compares them with their graph. */
class SignatureReader {
  readonly #tensorOf: GraphTensors | undefined;
  readonly #constants: ReadonlyMap<string, Message<"TensorProto">>;

  constructor(graphDef: Uint8Array, signatures: readonly Message<"SignatureDef">[]) {
    const infos = signatures.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
    const inputs = signatures.flatMap((signature) => signature.inputs.flatMap(({ value }) => value?.name || []));
    const tensorOf = openTensors(
      graphDef,
      infos.flatMap(({ value }) => (value === null ? [] : namesOf(value))),
    );
    const defaults = inputs.flatMap((name) => tensorOf?.(name)?.defaultNode ?? []);
    this.#tensorOf = tensorOf;
    this.#constants = openConstants(graphDef, new Set(defaults.map(operationOf)));
  }

  read(key: string, signature: Message<"SignatureDef">): SignatureInfo {
    const defaults = new Map(signature.defaults.map((entry) => [entry.key, entry.value]));
    const notes: string[] = [];
    const inputs = this.#readTensors("input", signature.inputs, notes).map((input) =>
      this.#withDefault(input, defaults.get(input.key)),
    );
    const outputs = this.#readTensors("output", signature.outputs, notes);
    const unsupported = whyUnsupported(inputs, outputs) ?? this.#missingTensor(signature);
    const description = { key, methodName: signature.methodName, inputs, outputs };
    return {
      ...description,
      ...(notes.length === 0 ? {} : { notes }),
      ...(unsupported === undefined ? {} : { unsupported }),
    };
  }

  #readTensors(
    role: "input" | "output",
    entries: readonly Message<"TensorInfoEntry">[],
    notes: string[],
  ): readonly TensorInfo[] {
    const byKey = new Map(entries.map(({ key, value }) => [key, value]));
    return [...byKey]
      .sort(([a], [b]) => compareNatural(a, b))
      .map(([key, info]) => {
        // A missing shape is unknown; that of a scalar is present, and empty.
        const shape = info?.tensorShape ? readShape(info.tensorShape) : undefined;
        const description = { key, dtype: dtypeName(info?.dtype ?? 0), shape: shape ?? null };
        if (info?.cooSparse) return { ...description, ...readSparse(info.cooSparse, description) };
        if (info?.compositeTensor) return { key, ...readComposite(info.compositeTensor) };
        if (!info?.name) return description;
        const actual = this.#tensorOf?.(info.name) ?? {};
        const { dtype = description.dtype } = actual;
        const known = shape === undefined || contradicts(shape, actual.shape) ? (actual.shape ?? null) : shape;
        if (dtype !== description.dtype || (shape !== undefined && known !== shape)) {
          const [is, was] = [formatTensor(dtype, known), formatTensor(description.dtype, description.shape)];
          notes.push(`${role} ${quote(key)} is ${is} in the graph, not ${was}`);
        }
        return { key, dtype, shape: known, tensor: info.name };
      });
  }

  /** An input is optional where the SignatureDef has a default value for it, or the graph. */
  #withDefault(input: TensorInfo, bytes: Uint8Array | undefined): TensorInfo {
    const node = input.tensor === undefined ? undefined : this.#tensorOf?.(input.tensor)?.defaultNode;
    if (bytes === undefined && node === undefined) return input;
    const proto = bytes === undefined ? this.#constants.get(operationOf(node ?? "")) : decode("TensorProto", bytes);
    const value = proto && readDefault(proto);
    return value === undefined ? { ...input, optional: true } : { ...input, optional: true, default: value };
  }

  #missingTensor({ inputs, outputs }: Message<"SignatureDef">): string | undefined {
    for (const [role, entries] of [
      ["input", inputs],
      ["output", outputs],
    ] as const) {
      for (const { key, value } of entries) {
        const missing = value && namesOf(value).find((name) => this.#tensorOf?.(name) === null);
        if (missing) return `${role} ${quote(key)} is the tensor ${quote(missing)}, which is not in the graph`;
      }
    }
    return undefined;
  }
}

/** The names of the tensors that a TensorInfo is about. */
function namesOf({ name, cooSparse, compositeTensor }: Message<"TensorInfo">): readonly string[] {
  const sparse = cooSparse && [cooSparse.indicesTensorName, cooSparse.valuesTensorName, cooSparse.denseShapeTensorName];
  const components = compositeTensor?.components.map((component) => component.name);
  return (sparse ?? components ?? [name]).filter((tensor) => tensor !== "");
}

/** Returns true if no tensor has both shapes. */
function contradicts(shape: ShapeSpec, actual: ShapeSpec | undefined): boolean {
  if (shape === null || actual == null) return false;
  if (shape.length !== actual.length) return true;
  return shape.some((size, axis) => size !== null && actual[axis] !== null && size !== actual[axis]);
}

function formatTensor(dtype: string, shape: ShapeSpec): string {
  return `${dtype} ${formatShape(shape)}`;
}

function whyUnsupported(inputs: readonly TensorInfo[], outputs: readonly TensorInfo[]): string | undefined {
  if (outputs.length === 0) return "it has no outputs, so there is nothing to run";
  for (const [role, tensors] of [
    ["input", inputs],
    ["output", outputs],
  ] as const) {
    for (const { key, dtype, shape, encoding, tensor, components } of tensors) {
      if (encoding === "composite") return `${role} ${quote(key)} is a composite tensor`;
      for (const part of components ?? [{ dtype, shape, tensor }]) {
        if (part.tensor === undefined) return `${role} ${quote(key)} names no tensor`;
        const reason = whyNoTensor(part.dtype, part.shape);
        if (reason !== undefined) return `${role} ${quote(key)} is of ${reason}`;
      }
    }
  }
  return undefined;
}

/** Returns the reason why this package has no tensors of this dtype and shape: `dtype resource`. */
export function whyNoTensor(dtype: string, shape: ShapeSpec): string | undefined {
  if (!isDType(dtype)) return `dtype ${dtype}`;
  const rank = shape?.length ?? 0;
  return rank > MAX_RANK ? `rank ${rank}, and a tensor's is ${MAX_RANK} at most` : undefined;
}

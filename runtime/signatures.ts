import { readComposite, readSparse } from "./composite.js";
import { readDefault } from "./default-value.js";
import type { SignatureDescription, TensorDescription } from "./description.js";
import { dtypeName, isDType } from "./dtype.js";
import { SavedModelError } from "./errors.js";
import { decode, type Message } from "./proto/decode.js";
import { readShape } from "./read-shape.js";
import { MAX_RANK } from "./shape.js";
import { compareCodeUnits, compareNatural, quote, suggest } from "./text.js";

/**
 * Pseudo-signatures that TensorFlow's loader runs by itself (tensorflow/cc/saved_model/constants.h): one output without
 * a tensor, to be hidden.
 */
const HIDDEN: ReadonlySet<string> = new Set(["__saved_model_init_op", "__saved_model_train_op"]);

/** Whether a signature is one that TensorFlow's loader runs by itself. */
export function isHidden(key: string): boolean {
  return HIDDEN.has(key);
}

/**
 * The signatures of a meta graph, sorted by key. Inputs and outputs are in natural order: the file's own order means
 * nothing, because a proto map has none.
 */
export function readSignatures(
  metaGraph: Pick<Message<"MetaGraphDef">, "signatureDef">,
): readonly SignatureDescription[] {
  const byKey = new Map<string, Message<"SignatureDef">>();
  for (const { key, value } of metaGraph.signatureDef) {
    if (value !== null && !isHidden(key)) byKey.set(key, value);
  }
  return [...byKey].sort(([a], [b]) => compareCodeUnits(a, b)).map(([key, value]) => readSignature(key, value));
}

function readSignature(key: string, signature: Message<"SignatureDef">): SignatureDescription {
  const defaults = new Map(signature.defaults.map((entry) => [entry.key, entry.value]));
  const inputs = readTensors(signature.inputs).map((input) => withDefault(input, defaults.get(input.key)));
  const outputs = readTensors(signature.outputs);
  const unsupported = whyUnsupported(inputs, outputs);
  const description = { key, methodName: signature.methodName, inputs, outputs };
  return unsupported === undefined ? description : { ...description, unsupported };
}

function withDefault(input: TensorDescription, bytes: Uint8Array | undefined): TensorDescription {
  if (bytes === undefined) return input;
  const value = readDefault(decode("TensorProto", bytes));
  return value === undefined ? { ...input, optional: true } : { ...input, optional: true, default: value };
}

function readTensors(entries: readonly Message<"TensorInfoEntry">[]): readonly TensorDescription[] {
  const byKey = new Map(entries.map(({ key, value }) => [key, value]));
  return [...byKey]
    .sort(([a], [b]) => compareNatural(a, b))
    .map(([key, info]) => {
      const description = { key, dtype: dtypeName(info?.dtype ?? 0), shape: readShape(info?.tensorShape ?? null) };
      if (info?.cooSparse) return { ...description, ...readSparse(info.cooSparse, description) };
      if (info?.compositeTensor) return { key, ...readComposite(info.compositeTensor) };
      return info?.name ? { ...description, tensor: info.name } : description;
    });
}

/** The error for a key that no signature has. */
export function signatureNotFound(key: string, known: readonly string[]): SavedModelError {
  return new SavedModelError("SIGNATURE_NOT_FOUND", `the model has no signature ${quote(key)}`, {
    fix: suggest(key, known, "Its signatures"),
  });
}

function whyUnsupported(
  inputs: readonly TensorDescription[],
  outputs: readonly TensorDescription[],
): string | undefined {
  if (outputs.length === 0) return "it has no outputs, so there is nothing to run";
  for (const [role, tensors] of [
    ["input", inputs],
    ["output", outputs],
  ] as const) {
    for (const { key, dtype, shape, encoding, tensor, components } of tensors) {
      if (encoding === "composite") return `${role} ${quote(key)} is a composite tensor`;
      for (const part of components ?? [{ dtype, shape, tensor }]) {
        if (part.tensor === undefined) return `${role} ${quote(key)} names no tensor`;
        if (!isDType(part.dtype)) return `${role} ${quote(key)} is of dtype ${part.dtype}`;
        const rank = part.shape?.length ?? 0;
        if (rank > MAX_RANK) return `${role} ${quote(key)} is of rank ${rank}, and a tensor's is ${MAX_RANK} at most`;
      }
    }
  }
  return undefined;
}

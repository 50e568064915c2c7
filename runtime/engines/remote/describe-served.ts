import { compareCodeUnits, compareNatural, quote } from "../../base/text.js";
import type { SignatureInfo, TensorInfo } from "../../saved-model/signature-info.js";
import { isHidden, whyNoTensor } from "../../saved-model/signatures.js";
import type { ServedSignature, ServedTensor } from "./compare-served.js";

/**
 * Returns the signatures that a server has, sorted by key. Inputs and outputs are in natural order: servers do not tell the
 * author's.
 */
export function infosOfServed(served: ReadonlyMap<string, ServedSignature>): readonly SignatureInfo[] {
  return [...served]
    .filter(([key]) => !isHidden(key))
    .sort(([a], [b]) => compareCodeUnits(a, b))
    .map(([key, { inputs, outputs }]) => {
      const signature = { key, methodName: "", inputs: infosOf(inputs), outputs: infosOf(outputs) };
      const unsupported =
        inputs === undefined || outputs === undefined
          ? "the server does not describe its inputs and outputs"
          : whyUnsupported(signature);
      return {
        ...signature,
        ...(signature.inputs.length > 1 ? { unordered: true as const } : {}),
        ...(unsupported === undefined ? {} : { unsupported }),
      };
    });
}

function infosOf(tensors: readonly ServedTensor[] = []): readonly TensorInfo[] {
  return [...tensors].sort((a, b) => compareNatural(a.key, b.key));
}

function whyUnsupported({ inputs, outputs }: Pick<SignatureInfo, "inputs" | "outputs">): string | undefined {
  if (outputs.length === 0) return "it has no outputs, so there is nothing to run";
  for (const [role, tensors] of [
    ["input", inputs],
    ["output", outputs],
  ] as const) {
    for (const { key, dtype, shape } of tensors) {
      const reason = whyNoTensor(dtype, shape);
      if (reason !== undefined) return `${role} ${quote(key)} is of ${reason}`;
    }
  }
  return undefined;
}

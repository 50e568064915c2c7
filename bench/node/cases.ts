import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";
import type { CallCase } from "../contestants/case.js";

/** A case made ready: one call of it. */
export type Call = () => unknown;

/** The generated clients, and how their cases are called: as in a program that uses them. */
export const clients: Readonly<Record<string, () => (kase: CallCase) => Call>> = {
  custom_model: () => {
    const model = CustomModel.load();
    return ({ signature }) => (signature === "train" ? () => model.train([[1, 1]], [[1]]) : () => model.pred([[1, 1]]));
  },
  dtypes: () => {
    const model = Dtypes.load();
    return ({ signature, size = 1, stringBytes = 0, readsData }) => {
      if (signature === "float32") {
        const data = new Float32Array(size).fill(1);
        return () => model.float32(data).data;
      }
      const strings = Array.from({ length: size }, () => "x".repeat(stringBytes));
      return readsData === true ? () => model.string(strings).data : () => model.string(strings).bytes;
    };
  },
};

/** An identity must give back what it was given. */
export function checkIdentity({ name, signature, size, stringBytes = 4 }: CallCase, call: Call): void {
  if (signature !== "float32" && signature !== "string") return;
  const result = call() as Float32Array | readonly (string | Uint8Array)[];
  const bytes = (value: number | string | Uint8Array): number => (typeof value === "number" ? 4 : value.length);
  const last = result[result.length - 1];
  if (result.length === size && last !== undefined && bytes(last) === stringBytes) return;
  throw new Error(`${name} gave back something else`);
}

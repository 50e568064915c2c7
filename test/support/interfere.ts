import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/**
 * Runs something before each call of a function of the file system, as another process might.
 *
 * @returns ends it
 */
export function interfere(
  name: "mkdirSync" | "renameSync",
  run: (...parameters: readonly unknown[]) => void,
): () => void {
  const functions = fs as unknown as Record<string, unknown>;
  const original = functions[name] as (...parameters: readonly unknown[]) => unknown;
  const set = (value: unknown): void => {
    functions[name] = value;
    syncBuiltinESMExports();
  };
  const replaced = (...parameters: readonly unknown[]): unknown => {
    // The program itself uses the function.
    set(original);
    try {
      run(...parameters);
    } finally {
      set(replaced);
    }
    return original(...parameters);
  };
  set(replaced);
  return () => set(original);
}

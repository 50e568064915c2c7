import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Node.js takes the functions that `rmSync` works with at its first call, and keeps them: they must be the real ones.
fs.rmSync(fs.mkdtempSync(join(tmpdir(), "savedmodel-test-")), { recursive: true });

/**
 * Runs something as if the process died at one of its calls of the file system: from then on none of them has an effect,
 * those that would clean up included.
 *
 * @param calls how many calls are made before
 * @returns whether it died
 */
export function dieAfter(calls: number, run: () => void): boolean {
  const functions = fs as unknown as Record<string, unknown>;
  const names = Object.keys(functions).filter((name) => name.endsWith("Sync"));
  const originals = new Map(names.map((name) => [name, functions[name]]));
  let count = 0;
  for (const [name, original] of originals) {
    functions[name] = (...parameters: readonly unknown[]): unknown => {
      if (count >= calls) throw new Error("the process is dead");
      count++;
      return (original as (...parameters: readonly unknown[]) => unknown)(...parameters);
    };
  }
  syncBuiltinESMExports();
  try {
    run();
    return false;
  } catch (error) {
    if (count < calls) throw error;
    return true;
  } finally {
    for (const [name, original] of originals) functions[name] = original;
    syncBuiltinESMExports();
  }
}

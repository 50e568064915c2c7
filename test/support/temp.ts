import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";

/** A new folder that goes when the test ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return folder;
}

/**
 * Has the runtime write its temporary files to a new folder until the test ends, and returns it: the usual one may hold what
 * other processes have left, or are writing.
 */
export function ownTemporaryFolder(): string {
  const folder = tempFolder();
  // Each system reads one of these.
  for (const name of ["TMPDIR", "TMP", "TEMP"]) vi.stubEnv(name, folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

/** The folder of a model of this repository. */
export function modelFolder(name: string): string {
  return fileURLToPath(new URL(`../models/${name}`, import.meta.url));
}

/** A copy of a model of this repository that a test may break. */
export function copyOfModel(name: string): string {
  const copy = join(tempFolder(), name);
  cpSync(modelFolder(name), copy, { recursive: true });
  return copy;
}

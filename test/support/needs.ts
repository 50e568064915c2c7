import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeEach } from "vitest";

/** Models that others made: data beside the project, not part of it. */
export const shared: string = fileURLToPath(new URL("../../../shared/models", import.meta.url));
export const hasShared: boolean = existsSync(shared);
export const NO_SHARED = "../shared/models is not present";

export const isWindows: boolean = process.platform === "win32";
export const IS_WINDOWS = "Windows has no bash and no signals";

export const ONLY_LINUX = "the test is for Linux";
export const NOT_ROOT = "only root may give files away";

/** Skips the tests of a `describe` unless something exists; the last line of a run gives the reason (`test/skips.ts`). */
export function needs(isThere: boolean, reason: string): void {
  beforeEach(({ skip }) => skip(!isThere, reason));
}

import { existsSync } from "node:fs";
import { beforeEach } from "vitest";
import { shared } from "./shared-models.js";

export { shared };
export const hasShared: boolean = existsSync(shared);
export const NO_SHARED =
  "third-party models are not present in ../shared/models, nor where SAVEDMODEL_TEST_MODELS says";

export const isWindows: boolean = process.platform === "win32";
export const IS_WINDOWS = "Windows has no bash and no signals";

export const NO_CHROMIUM = "Chromium is not installed: CHROMIUM may name one";

export const ONLY_LINUX = "the test is for Linux";
export const NOT_ROOT = "only root may give files away";

/** Skips the tests of a `describe` unless something exists; the last line of a run gives the reason (`test/skips.ts`). */
export function needs(isThere: boolean, reason: string): void {
  beforeEach(({ skip }) => skip(!isThere, reason));
}

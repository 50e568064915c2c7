import { SavedModelError } from "../../runtime/base/errors.js";
import { reasonOf } from "../../runtime/base/text.js";
import { cacheFolder } from "../../runtime/engines/local/library/library-cache.js";

/** Converts any error of an installation to the one that a user gets. */
export function installError(error: unknown, signal: AbortSignal | undefined): SavedModelError {
  if (signal?.aborted) {
    return new SavedModelError("INSTALL_FAILED", "interrupted; nothing was installed", { cause: error });
  }
  if (error instanceof SavedModelError) return error;
  const code = codeOf(error);
  const cache = cacheFolder();
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return new SavedModelError("INSTALL_FAILED", `${cache} cannot be written to (${code})`, {
      cause: error,
      fix: "Set SAVEDMODEL_CACHE to a folder that you may write to; on Windows, also end programs that use the library.",
    });
  }
  return new SavedModelError("INSTALL_FAILED", reasonOf(error), {
    cause: error,
  });
}

/** Returns the error for a full disk at the cache. */
export function diskFull(cause?: unknown): SavedModelError {
  return new SavedModelError("INSTALL_FAILED", `the disk that holds ${cacheFolder()} is full`, {
    cause,
    fix: "Make 1.5 GB free while it installs (0.9 GB stay in use; 7 GB for GPUs), or set SAVEDMODEL_CACHE to another folder.",
  });
}

/** Returns the system's code of an error, such as `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

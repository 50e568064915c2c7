import { open, stat } from "node:fs/promises";
import { SavedModelError } from "../../runtime/base/errors.js";

/** Kind of a file or folder given to `install --from`. */
export type SourceKind = "wheel" | "archive" | "folder";

/**
 * Detects the kind of `path` by its content, not by its name.
 *
 * @throws SavedModelError `INSTALL_FAILED` when it is of no installable kind.
 */
export async function sourceKind(path: string, shownAs: string): Promise<SourceKind> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new SavedModelError("INSTALL_FAILED", `${shownAs} does not exist`);
  if (found.isDirectory()) return "folder";
  const start = await firstBytes(path, 262);
  if (start.startsWith("PK\x03\x04")) return "wheel";
  if (start.startsWith("\x1f\x8b") || start.slice(257) === "ustar") return "archive";
  throw new SavedModelError("INSTALL_FAILED", `${shownAs} is neither a wheel or jar (zip) nor a tar.gz`, {
    fix: "Pass a tensorflow wheel, a jar of tensorflow-core-native, the official C library's tar.gz or a folder that holds the library.",
  });
}

/** Returns whether a file name is that of a TensorFlow library, or of a link between their names, on any platform. */
export function isLibraryFile(name: string): boolean {
  return (
    /^libtensorflow(_cc|_framework)?(\.so(\.\d+)*|(\.\d+)*\.dylib)$/.test(name) ||
    /^(_pywrap_tensorflow_common|tensorflow)\.dll$/.test(name)
  );
}

async function firstBytes(path: string, count: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}

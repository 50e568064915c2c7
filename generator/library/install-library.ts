import { join } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { loadKoffi } from "../../runtime/engines/local/library/koffi.js";
import { installFolder, isVersion, lookUpInstalled } from "../../runtime/engines/local/library/library-cache.js";
import {
  currentPlatform,
  DEFAULT_TENSORFLOW_VERSION,
  type Platform,
} from "../../runtime/engines/local/library/platform.js";
import { stage, writeManifest } from "./assemble-library.js";
import { checkLibrary } from "./check-library.js";
import { obtain } from "./fetch-library.js";
import { installError } from "./install-error.js";
import { createWorkFolder, type WorkFolder } from "./install-folder.js";
import type { OnProgress } from "./install-progress.js";
import { makeCurrent, publish } from "./publish-version.js";

/** Options of {@link installLibrary}. */
export interface InstallOptions {
  /** The TensorFlow version to install; with `from`, the version that the library must have. */
  readonly version?: string | undefined;
  /**
   * A tensorflow wheel, the official C library's tar.gz, a folder that holds the library, or an http(s) URL of a file.
   */
  readonly from?: string | undefined;
  /** Reinstalls an installed version. */
  readonly force?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Aborts the installation, which then leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** The installed library that is in use now. */
export interface InstalledLibrary {
  /** TensorFlow's version, as the library itself states it. */
  readonly version: string;
  /** The folder in the cache that contains it. */
  readonly folder: string;
  /** False when it was already installed and was only made the one in use. */
  readonly isNew: boolean;
}

/**
 * Installs TensorFlow's C library into the per-user cache and makes it the one that {@link searchCache} finds. Atomic;
 * any number of installations may run at once.
 *
 * @throws SavedModelError `INSTALL_FAILED`, `UNSUPPORTED_PLATFORM` or `INVALID_OPTION`.
 */
export async function installLibrary(options: InstallOptions = {}): Promise<InstalledLibrary> {
  const { from, force = false, signal } = checked(options);
  const platform = currentPlatform();
  const version = folderVersion(options.version ?? DEFAULT_TENSORFLOW_VERSION);
  try {
    signal?.throwIfAborted();
    // Nothing can be checked without it: reported before the download rather than after it.
    loadKoffi();
    if (!force && from === undefined && lookUpInstalled(version, platform).found) {
      await makeCurrent(version);
      return { version, folder: installFolder(version, platform), isNew: false };
    }
    const work = await createWorkFolder();
    try {
      return await installNew(options, platform, work);
    } finally {
      await work.remove();
    }
  } catch (error) {
    throw installError(error, signal);
  }
}

async function installNew(options: InstallOptions, platform: Platform, work: WorkFolder): Promise<InstalledLibrary> {
  const { from, force = false, signal, onProgress = () => {} } = options;
  const asked = options.version ?? DEFAULT_TENSORFLOW_VERSION;
  const obtained = await obtain({ from, version: asked, platform, folder: work.path, onProgress, signal });
  const ready = join(work.path, "ready");
  const library = await stage(obtained, ready, onProgress);
  onProgress({ phase: "check", done: 0, total: undefined });
  const check = await checkLibrary(library, signal);
  if (!check.loads) {
    const reason = check.reason.replaceAll(`${ready}/`, "");
    throw new SavedModelError("INSTALL_FAILED", `the library does not work on this machine: ${reason}`);
  }
  const { version } = check;
  if (!isVersion(version)) throw new SavedModelError("INSTALL_FAILED", `the library's version is ${version}`);
  if (options.version !== undefined && version !== folderVersion(options.version)) {
    throw new SavedModelError(
      "INSTALL_FAILED",
      `version ${options.version} was requested, but the library is ${version}`,
    );
  }
  await writeManifest(library, ready, { version, platform, source: obtained.source, stripped: false });
  await publish(ready, version, platform, force || from !== undefined, work);
  await makeCurrent(version);
  return { version, folder: installFolder(version, platform), isNew: true };
}

const OPTION_NAMES = ["version", "from", "force", "onProgress", "signal"];

function checked(options: InstallOptions): InstallOptions {
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new SavedModelError("INVALID_OPTION", `installLibrary() has no option "${unknown}"`, {
      fix: `Its options are ${OPTION_NAMES.join(", ")}.`,
    });
  }
  if (options.version !== undefined && !isVersion(options.version)) {
    throw new SavedModelError("INVALID_OPTION", `"${options.version}" is not a TensorFlow version`, {
      fix: `Pass all of it, e.g. ${DEFAULT_TENSORFLOW_VERSION}.`,
    });
  }
  return options;
}

/** Converts the version of pip, `2.21.0rc1`, to that of the library, `2.21.0-rc1`. */
function folderVersion(version: string): string {
  return version.replace(/(\d)-?(rc\d+)$/, "$1-$2");
}

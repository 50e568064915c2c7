import { join } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { loadKoffi } from "../../runtime/engines/local/library/koffi.js";
import {
  type FolderAnswer,
  installFolder,
  installName,
  isVersion,
  lookUpInstalled,
} from "../../runtime/engines/local/library/library-cache.js";
import {
  currentPlatform,
  DEFAULT_TENSORFLOW_VERSION,
  isSupportedVersion,
  type Platform,
  SUPPORTED_TENSORFLOW,
} from "../../runtime/engines/local/library/platform.js";
import { stage, writeManifest } from "./assemble-library.js";
import { checkLibrary } from "./check-library.js";
import { obtain } from "./fetch-library.js";
import { type OnPlan, obtainGpu } from "./gpu-library.js";
import { installError } from "./install-error.js";
import { createWorkFolder, type WorkFolder } from "./install-folder.js";
import type { OnProgress } from "./install-progress.js";
import { linkTree, linkUnsearched, nvidiaFiles } from "./nvidia-files.js";
import { makeCurrent, publish } from "./publish-version.js";
import { stripElf } from "./strip-elf.js";

/** Options of {@link installLibrary}. */
export interface InstallOptions {
  /** The TensorFlow version to install; with `from`, the version that the library must have. */
  readonly version?: string | undefined;
  /**
   * A tensorflow wheel, a jar of `tensorflow-core-native`, the official C library's tar.gz, a folder that holds the library,
   * or a URL of a file: `https://`, or, with `sha256`, `http://`.
   */
  readonly from?: string | undefined;
  /** The SHA-256 of the file that `from` names, in hexadecimal digits. */
  readonly sha256?: string | undefined;
  /** Cuts off symbol tables, which only debuggers read: a quarter of the library, on Linux. */
  readonly strip?: boolean | undefined;
  /**
   * Installs the library that is built with CUDA, and NVIDIA's libraries that it needs, from the wheels that pip finds. Only
   * for Linux x64. `from` may be the wheel of TensorFlow.
   */
  readonly gpu?: boolean | undefined;
  /** Called with the sizes of an installation for GPUs, before they are downloaded. */
  readonly onPlan?: OnPlan | undefined;
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
  const { from, force = false, gpu = false, strip = false, signal } = checked(options);
  const platform = currentPlatform();
  if (gpu && platform.name !== "linux-x64") throw noGpuLibrary(platform);
  const version = folderVersion(options.version ?? DEFAULT_TENSORFLOW_VERSION);
  const name = installName(version, gpu);
  try {
    signal?.throwIfAborted();
    // Nothing can be checked without it: reported before the download rather than after it.
    loadKoffi();
    const installed = lookUpInstalled(name, platform);
    const isReused = !force && from === undefined && installed.found;
    if (isReused && (!strip || installed.manifest.stripped === true)) {
      await makeCurrent(name);
      return { version, folder: installed.folder, isNew: false };
    }
    const work = await createWorkFolder();
    try {
      // An installed library is stripped without fetching it again.
      return await installNew(options, isReused ? installed : undefined, platform, work);
    } finally {
      await work.remove();
    }
  } catch (error) {
    throw installError(error, signal);
  }
}

async function installNew(
  options: InstallOptions,
  installed: (FolderAnswer & { readonly found: true }) | undefined,
  platform: Platform,
  work: WorkFolder,
): Promise<InstalledLibrary> {
  const {
    force = false,
    gpu = false,
    strip = false,
    sha256,
    signal,
    onPlan = () => {},
    onProgress = () => {},
  } = options;
  const from = installed?.folder ?? options.from;
  const asked = options.version ?? DEFAULT_TENSORFLOW_VERSION;
  const { pipPackage } = platform;
  const request = { from, sha256, pipPackage, version: asked, platform, folder: work.path, onProgress, signal };
  const isFetched = gpu && installed === undefined;
  const { obtained, addNvidia } = isFetched
    ? await obtainGpu(request, onPlan)
    : { obtained: await obtain(request), addNvidia: undefined };
  const ready = join(work.path, "ready");
  const library = await stage(obtained, gpu ? join(ready, "tensorflow") : ready, onProgress);
  if (addNvidia !== undefined) {
    await addNvidia(ready);
    await linkUnsearched(library, ready);
  } else if (gpu) await linkTree(join(from ?? "", "nvidia"), join(ready, "nvidia"));
  if (strip) {
    await stripElf(library.main);
    if (library.framework !== undefined) await stripElf(library.framework);
  }
  onProgress({ phase: "check", done: 0, total: undefined });
  const check = await checkLibrary(library, signal);
  if (!check.loads) {
    const reason = check.reason.replaceAll(`${ready}/`, "");
    throw new SavedModelError("INSTALL_FAILED", `the library does not work on this machine: ${reason}`);
  }
  const { version } = check;
  if (!isVersion(version)) throw new SavedModelError("INSTALL_FAILED", `the library's version is ${version}`);
  if (!isSupportedVersion(version)) throw unsupportedVersion(version);
  if (options.version !== undefined && version !== folderVersion(options.version)) {
    throw new SavedModelError(
      "INSTALL_FAILED",
      `version ${options.version} was requested, but the library is ${version}`,
    );
  }
  await writeManifest(library, ready, {
    version,
    platform,
    source: installed?.manifest.source ?? obtained.source,
    stripped: strip,
    others: gpu ? await nvidiaFiles(ready) : [],
  });
  const name = installName(version, gpu);
  await publish(ready, name, platform, force || from !== undefined, work);
  await makeCurrent(name);
  return { version, folder: installFolder(name, platform), isNew: true };
}

function noGpuLibrary({ name }: Platform): SavedModelError {
  return new SavedModelError("UNSUPPORTED_PLATFORM", `TensorFlow has no library with CUDA for ${name}`, {
    fix: "Install without `gpu` (--gpu), or use Linux x64.",
  });
}

function unsupportedVersion(version: string): SavedModelError {
  const { oldest, newest } = SUPPORTED_TENSORFLOW;
  return new SavedModelError("INSTALL_FAILED", `TensorFlow ${version} is too old`, {
    fix: `Choose a version from ${oldest} to ${newest}.`,
  });
}

const OPTION_NAMES = ["version", "from", "sha256", "strip", "gpu", "force", "onPlan", "onProgress", "signal"];

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
  if (options.version !== undefined && !isSupportedVersion(options.version)) throw unsupportedVersion(options.version);
  if (options.sha256 !== undefined && !/^[\da-f]{64}$/i.test(options.sha256)) {
    throw new SavedModelError("INVALID_OPTION", `"${options.sha256}" is not a SHA-256`, {
      fix: "Pass its 64 hexadecimal digits.",
    });
  }
  if (options.sha256 !== undefined && options.from === undefined) {
    throw new SavedModelError("INVALID_OPTION", "sha256 is that of the file that `from` names, which is missing", {
      fix: "Pass the file or URL as `from` (--from). What pip downloads, pip checks.",
    });
  }
  return options;
}

/** Converts the version of pip, `2.21.0rc1`, to that of the library, `2.21.0-rc1`. */
function folderVersion(version: string): string {
  return version.replace(/(\d)-?(rc\d+)$/, "$1-$2");
}

import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, printable } from "../../runtime/base/text.js";
import {
  minorVersion,
  type OpPackManifest,
  opPackFolder,
  opPackRoot,
} from "../../runtime/engines/local/library/op-pack.js";
import { currentPlatform, type Platform } from "../../runtime/engines/local/library/platform.js";
import { isOpPack, OP_PACKS } from "../../runtime/saved-model/graph/op-packages.js";
import { checkOperations } from "./check-library.js";
import { installError } from "./install-error.js";
import { createWorkFolder, type WorkFolder } from "./install-folder.js";
import type { OnProgress } from "./install-progress.js";
import { chooseOps, packOfPackage, tensorflowOf, wheelOfPack } from "./op-pack-wheels.js";
import { downloadWheel, findPip } from "./pip.js";
import { moveIntoPlace } from "./publish-version.js";
import { unpackZip } from "./wheel.js";

/** Options of {@link installOps}. */
export interface InstallOpsOptions {
  /** The name of a pack, which pip downloads, or the path of its wheel. */
  readonly pack: string;
  readonly onProgress?: OnProgress | undefined;
  /** Aborts the installation, which then leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** An installed pack of operations. */
export interface InstalledOps {
  readonly name: string;
  readonly version: string;
  /** The version of the TensorFlow library that is in use. */
  readonly tensorflow: string;
  readonly folder: string;
  /** Number of its operations. */
  readonly operations: number;
}

/**
 * Installs the libraries of operations of a Python package into the per-user cache, for the TensorFlow library that is in
 * use here. Each is loaded once, in another process. Atomic; replaces an installed one.
 *
 * @throws SavedModelError `INSTALL_FAILED`, `UNSUPPORTED_PLATFORM`
 */
export async function installOps({ pack, onProgress = () => {}, signal }: InstallOpsOptions): Promise<InstalledOps> {
  const platform = currentPlatform();
  try {
    signal?.throwIfAborted();
    const library = await checkOperations([], signal);
    if (!library.loads) throw new SavedModelError("INSTALL_FAILED", library.reason);
    const work = await createWorkFolder(opPackRoot());
    try {
      return await install({ pack, onProgress, signal }, library.version, platform, work);
    } finally {
      await work.remove();
    }
  } catch (error) {
    throw installError(error, signal);
  }
}

async function install(
  { pack, onProgress, signal }: InstallOpsOptions & { readonly onProgress: OnProgress },
  tensorflow: string,
  platform: Platform,
  work: WorkFolder,
): Promise<InstalledOps> {
  const wheel = await findWheel({ pack, onProgress, signal }, tensorflow, platform, work);
  const ready = join(work.path, "ready");
  await mkdir(ready);
  await unpackZip(wheel, ready, onProgress, signal, chooseOps);
  const { name, version, madeFor } = await readMetadata(join(ready, "METADATA"), wheel);
  if (madeFor !== minorVersion(tensorflow)) {
    throw new SavedModelError(
      "INSTALL_FAILED",
      `${name} ${version} is for TensorFlow ${madeFor}, but the library in use is TensorFlow ${tensorflow}`,
      { fix: `Pass the name ${name}, for which pip finds a wheel that fits, or such a wheel.` },
    );
  }
  await rename(join(ready, "METADATA"), join(work.path, "METADATA"));
  const names = (await readdir(ready)).filter((file) => file.endsWith(".so")).sort(compareCodeUnits);
  onProgress({ phase: "check", done: 0, total: undefined });
  const check = await checkOperations(
    names.map((file) => join(ready, file)),
    signal,
  );
  if (!check.loads) {
    const reason = check.reason.replaceAll(`${ready}/`, "");
    throw new SavedModelError("INSTALL_FAILED", `${name} ${version} does not work on this machine: ${reason}`);
  }
  const files = await Promise.all(
    names.map(async (file, at) => ({
      name: file,
      size: (await stat(join(ready, file))).size,
      operations: check.operations[at] ?? [],
    })),
  );
  const manifest: OpPackManifest = { name, version, platform: platform.name, files };
  await writeFile(join(ready, "pack.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const folder = opPackFolder(name, tensorflow, platform);
  await moveIntoPlace(ready, folder, () => false, work);
  return { name, version, tensorflow, folder, operations: files.flatMap(({ operations }) => operations).length };
}

/** Returns the path of the wheel: the one that was passed, or one that pip finds for the library's version. */
async function findWheel(
  { pack, onProgress = () => {}, signal }: InstallOpsOptions,
  tensorflow: string,
  platform: Platform,
  work: WorkFolder,
): Promise<string> {
  if (!isOpPack(pack)) {
    const path = resolve(pack);
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
    throw new SavedModelError("INSTALL_FAILED", `unknown pack of operations ${printable(pack, 500)}`, {
      fix: `Known are ${OP_PACKS.join(", ")}; or pass the path of a wheel of one of them.`,
    });
  }
  const folder = join(work.path, "pip");
  await mkdir(folder);
  return downloadWheel(await findPip(folder, signal), {
    ...wheelOfPack(pack, tensorflow),
    platform,
    folder,
    onProgress,
    signal,
  });
}

async function readMetadata(
  file: string,
  wheel: string,
): Promise<{ readonly name: string; readonly version: string; readonly madeFor: string }> {
  const text = await readFile(file, "utf8").catch(() => "");
  const name = /^Name: (\S+)\s*$/m.exec(text)?.[1]?.replaceAll("_", "-").toLowerCase() ?? "";
  const version = /^Version: (\d+\.\d+[\w.+-]*)\s*$/m.exec(text)?.[1];
  const pack = packOfPackage(name);
  if (version !== undefined && isOpPack(pack)) return { name: pack, version, madeFor: tensorflowOf(text, version) };
  throw new SavedModelError("INSTALL_FAILED", `${wheel} is not a wheel of ${OP_PACKS.join(" or ")}`);
}

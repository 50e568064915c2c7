import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, listSome, reasonOf } from "../../runtime/base/text.js";
import type { Manifest } from "../../runtime/engines/local/library/library-cache.js";
import { findInFolder, type LibraryFiles } from "../../runtime/engines/local/library/library-files.js";
import type { Platform } from "../../runtime/engines/local/library/platform.js";
import { unpackTar } from "./archive.js";
import { download, isUrl, shownUrl } from "./download.js";
import type { OnProgress } from "./install-progress.js";
import { downloadWheel, findPip } from "./pip.js";
import { isLibraryFile, type SourceKind, sourceKind } from "./source-kind.js";
import { type ChooseEntry, unpackZip } from "./wheel.js";

/** Libraries that were found or unpacked, before installation. */
export interface Obtained {
  readonly library: LibraryFiles;
  readonly source: Manifest["source"];
  /** The folder that everything was unpacked to and may be moved from; undefined for the user's own files. */
  readonly unpacked: string | undefined;
}

/** Parameters of {@link obtain}. */
export interface ObtainRequest {
  /** A wheel, jar, archive, folder or URL; undefined for pip. */
  readonly from: string | undefined;
  /** SHA-256 that the file must have, in hexadecimal digits. */
  readonly sha256: string | undefined;
  /** The package to ask pip for, and its version. */
  readonly pipPackage: string;
  readonly version: string;
  readonly platform: Platform;
  /** An empty working folder. */
  readonly folder: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Fetches and unpacks TensorFlow's shared libraries.
 *
 * @throws SavedModelError `INSTALL_FAILED`
 */
export async function obtain(request: ObtainRequest): Promise<Obtained> {
  const { from, folder, onProgress, signal, platform } = request;
  const { path, shownAs } = from === undefined ? await fetchWheel(request) : await fetchGiven(from, request);
  const kind = await sourceKind(path, shownAs);
  if (request.sha256 !== undefined) await requireSha256(path, kind, request.sha256, shownAs);
  if (kind === "folder") return { library: find(path, shownAs, platform, []), source: kind, unpacked: undefined };
  const unpacked = join(folder, "unpacked");
  await mkdir(unpacked);
  try {
    if (kind === "wheel") await unpackZip(path, unpacked, onProgress, signal, chooseFor(platform));
    else await unpackTar(path, unpacked, onProgress, signal);
  } catch (error) {
    // Errors of the disk have a system call, those of the archive do not.
    if (error instanceof SavedModelError || signal?.aborted || (error instanceof Error && "syscall" in error))
      throw error;
    const reason = reasonOf(error);
    if (reason.startsWith("TAR_BAD_ARCHIVE"))
      throw wrongSource(`${shownAs} is damaged, or not a tar.gz`, platform, error);
    throw new SavedModelError("INSTALL_FAILED", `${shownAs} is damaged: ${reason}`, { cause: error });
  }
  return {
    library: find(unpacked, shownAs, platform, namesBelow(unpacked)),
    source: from === undefined ? "pip" : kind,
    unpacked,
  };
}

interface Fetched {
  readonly path: string;
  readonly shownAs: string;
}

async function fetchWheel({
  pipPackage,
  version,
  platform,
  folder,
  onProgress,
  signal,
}: ObtainRequest): Promise<Fetched> {
  const pipFolder = join(folder, "pip");
  await mkdir(pipFolder);
  const pip = await findPip(pipFolder, signal);
  const path = await downloadWheel(pip, {
    package: pipPackage,
    versions: `==${version}`,
    platform,
    folder: pipFolder,
    onProgress,
    signal,
  });
  return { path, shownAs: `the wheel of ${pipPackage} ${version}` };
}

async function fetchGiven(from: string, { folder, onProgress, signal, sha256 }: ObtainRequest): Promise<Fetched> {
  if (!isUrl(from)) return { path: resolve(from), shownAs: from };
  const path = join(folder, "download");
  await download(from, path, sha256 === undefined, onProgress, signal);
  return { path, shownAs: shownUrl(from) };
}

/** Throws unless a file has this SHA-256. */
async function requireSha256(path: string, kind: SourceKind, want: string, shownAs: string): Promise<void> {
  if (kind === "folder") {
    throw new SavedModelError("INVALID_OPTION", `${shownAs} is a folder, which has no SHA-256`, {
      fix: "Pass the file that it was unpacked from.",
    });
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const got = hash.digest("hex");
  if (got === want.toLowerCase()) return;
  throw new SavedModelError("INSTALL_FAILED", `${shownAs} has the SHA-256 ${got}, expected ${want.toLowerCase()}`, {
    fix: "Check its source: the file is damaged, or another one.",
  });
}

/** Chooses the libraries of a wheel and its metadata, or those of a jar, which may have folders for several platforms. */
function chooseFor({ jarName }: Platform): ChooseEntry {
  return (entryName) => {
    if (/^[^/]+\.dist-info\/METADATA$/.test(entryName)) return "METADATA";
    const folder = /(?:^|\/)((?:linux|macosx|windows)-(?:x86_64|arm64))\//.exec(entryName)?.[1];
    const isForOthers = folder !== undefined && folder !== jarName;
    return isLibraryFile(basename(entryName)) && !isForOthers ? basename(entryName) : undefined;
  };
}

/**
 * Finds the libraries in a folder.
 *
 * @param names the names of the unpacked files, for messages
 */
function find(folder: string, shownAs: string, platform: Platform, names: readonly string[]): LibraryFiles {
  // An archive may have them in any folder.
  const folders = names.length === 0 ? [folder] : [folder, ...foldersBelow(folder)];
  const library = folders.map((place) => findInFolder(place, platform)).find((found) => found !== undefined);
  if (library !== undefined) return library;
  const others = names.filter(isLibraryFile);
  const instead = others.length === 0 ? "" : `; it holds ${listSome(others, String)}, for another platform`;
  throw wrongSource(
    `${shownAs} holds none of ${platform.mainNames.join(", ")}, the TensorFlow libraries for ${platform.name}${instead}`,
    platform,
  );
}

/** Returns the names of the files in a folder and below it, sorted. */
function namesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => basename(path))
    .sort(compareCodeUnits);
}

function foldersBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort(compareCodeUnits);
}

/** Returns the error for a file or folder that cannot be installed. */
function wrongSource(what: string, { name, pipPackage }: Platform, cause?: unknown): SavedModelError {
  return new SavedModelError("INSTALL_FAILED", what, {
    fix: `Pass a wheel of ${pipPackage} for ${name}, a jar of tensorflow-core-native, the official C library's tar.gz or a folder that holds the library.`,
    cause,
  });
}

import { mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { stage, writeManifest } from "../../generator/library/assemble-library.js";
import { checkLibrary } from "../../generator/library/check-library.js";
import type { OnProgress } from "../../generator/library/install-progress.js";
import { isLibraryFile } from "../../generator/library/source-kind.js";
import { stripElf } from "../../generator/library/strip-elf.js";
import { unpackZip } from "../../generator/library/wheel.js";
import { findInFolder, type LibraryFiles } from "../../runtime/engines/local/library/library-files.js";
import type { Platform } from "../../runtime/engines/local/library/platform.js";
import { platformPackageName } from "../../runtime/engines/local/library/platform-package.js";
import { platformOfFile } from "./executable-format.js";
import { buildPythonStandIn } from "./python-stand-in.js";

/** Parameters of {@link packLibrary}. */
export interface PackRequest {
  readonly platform: Platform;
  /** The wheel of TensorFlow for that platform. */
  readonly wheel: string;
  /** The folder in which the package's folder is created. */
  readonly output: string;
  /** The `repository` of the package's `package.json`, which npm's provenance requires. */
  readonly repository?: unknown;
  readonly onProgress?: OnProgress;
}

/** A package that was made, before `npm pack` or `npm publish`. */
export interface PackedLibrary {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** Bytes that were cut off the libraries. */
  readonly strippedBytes: number;
  /** TensorFlow's version as the library itself states it; undefined for another platform, whose code cannot be run. */
  readonly loaded: string | undefined;
}

/** Files of the wheel that the package needs besides the libraries, and their names in the package. */
const TEXTS: Readonly<Record<string, string>> = {
  "tensorflow/include/LICENSE": "LICENSE",
  "tensorflow/THIRD_PARTY_NOTICES.txt": "THIRD_PARTY_NOTICES.txt",
};

/**
 * Makes the npm package of one platform: TensorFlow's libraries, stripped where that is possible, with its license and
 * third-party notices. A library for this platform is loaded; of any other, only the headers are checked. The folder
 * appears when it is complete, and replaces an older one.
 *
 * @throws Error or SavedModelError if the wheel is not one of that platform, or lacks a file
 */
export async function packLibrary(request: PackRequest): Promise<PackedLibrary> {
  const { platform, wheel, output, onProgress = () => {} } = request;
  await mkdir(output, { recursive: true });
  const work = await mkdtemp(join(output, ".packing-"));
  try {
    const unpacked = join(work, "unpacked");
    await mkdir(unpacked);
    await unpackZip(wheel, unpacked, onProgress, undefined, chooseEntry);
    const found = findInFolder(unpacked, platform);
    if (found === undefined) throw new Error(`${wheel} has none of ${platform.mainNames.join(", ")}`);
    for (const file of filesOf(found)) await requirePlatform(file, platform, wheel);

    const ready = join(work, "ready");
    const library = await stage({ library: found, source: "wheel", unpacked }, ready, onProgress);
    let strippedBytes = 0;
    for (const file of filesOf(library)) strippedBytes += await stripElf(file);
    const standIn = platform.name.startsWith("win32") ? await buildPythonStandIn(library.main, ready) : undefined;
    const wheelVersion = await versionOfWheel(join(unpacked, "METADATA"), wheel);
    const loaded = await loadedVersion(library, platform);
    const version = loaded ?? npmVersion(wheelVersion);
    if (version !== npmVersion(wheelVersion)) {
      throw new Error(`the wheel is of version ${wheelVersion}, but its library states ${version}`);
    }
    for (const name of Object.values(TEXTS)) {
      await rename(join(unpacked, name), join(ready, name)).catch((cause: unknown) => {
        throw new Error(`${wheel} has no ${name}, with which the library must be distributed`, { cause });
      });
    }
    const others = standIn === undefined ? [] : [standIn];
    await writeManifest(library, ready, { version, platform, source: "wheel", stripped: strippedBytes > 0, others });
    const name = platformPackageName(platform);
    const files = ["library.json", ...filesOf(library).map((file) => basename(file)), ...others];
    await writeJson(join(ready, "package.json"), manifest(request, version, [...files, ...Object.values(TEXTS)]));
    await writeFile(join(ready, "README.md"), readme(name, version, platform, standIn));
    const folder = join(output, name);
    await rm(folder, { recursive: true, force: true });
    await rename(ready, folder);
    return { name, version, folder, strippedBytes, loaded };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function chooseEntry(entryName: string): string | undefined {
  if (/^[^/]+\.dist-info\/METADATA$/.test(entryName)) return "METADATA";
  const name = basename(entryName);
  return TEXTS[entryName] ?? (isLibraryFile(name) ? name : undefined);
}

function filesOf({ main, framework }: LibraryFiles): readonly string[] {
  return framework === undefined ? [main] : [framework, main];
}

/** Throws for a library of another platform: the files of both Linux platforms have the same names. */
async function requirePlatform(file: string, platform: Platform, wheel: string): Promise<void> {
  const built = await platformOfFile(file);
  if (built !== platform.name) {
    throw new Error(`${basename(file)} in ${wheel} is for ${built ?? "an unknown platform"}, not ${platform.name}`);
  }
}

async function versionOfWheel(metadata: string, wheel: string): Promise<string> {
  const text = await readFile(metadata, "utf8").catch(() => "");
  const version = /^Version: (\S+)\s*$/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`${wheel} does not state its version`);
  await unlink(metadata);
  return version;
}

/** Converts Python's `2.21.0rc1` to `2.21.0-rc1`. */
function npmVersion(version: string): string {
  return version.replace(/(\d)(rc\d+)$/, "$1-$2");
}

async function loadedVersion(library: LibraryFiles, platform: Platform): Promise<string | undefined> {
  if (platform.name !== `${process.platform}-${process.arch}`) return undefined;
  const check = await checkLibrary(library);
  if (!check.loads) throw new Error(`the library does not work on this machine: ${check.reason}`);
  return check.version;
}

function manifest(request: PackRequest, version: string, files: readonly string[]): object {
  const [os = "", cpu = ""] = request.platform.name.split("-");
  return {
    name: platformPackageName(request.platform),
    version,
    description: `TensorFlow's C library for ${request.platform.name}, for the package savedmodel.`,
    license: "Apache-2.0",
    ...(request.repository === undefined ? {} : { repository: request.repository }),
    os: [os],
    cpu: [cpu],
    ...(os === "linux" ? { libc: ["glibc"] } : {}),
    // Yarn leaves packages in zip files, from which no library can be loaded.
    preferUnplugged: true,
    files,
    publishConfig: { access: "public", provenance: true },
  };
}

function readme(name: string, version: string, { name: platform }: Platform, standIn: string | undefined): string {
  const about = standIn === undefined ? "" : `\n${standInText(standIn)}`;
  return `# ${name}

TensorFlow ${version}'s C library for ${platform}, taken from TensorFlow's Python wheel. The package
[savedmodel](https://www.npmjs.com/package/savedmodel) finds it where it is installed:

\`\`\`sh
npm install savedmodel ${name}
\`\`\`

Its license is in LICENSE, those of the software that it contains in THIRD_PARTY_NOTICES.txt.
${about}`;
}

function standInText(name: string): string {
  return `\`${name}\` is not Python. TensorFlow's DLL also serves its Python package, and Windows loads it only if a DLL of
this name exports what it imports from Python. This one exports those names and nothing else; its source is in the
repository of savedmodel (.ci/platforms/python-stand-in.c). The Microsoft Visual C++ Redistributable must be installed.
`;
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

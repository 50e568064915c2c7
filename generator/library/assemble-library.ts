import { constants } from "node:fs";
import { copyFile, mkdir, realpath, rename, stat, writeFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { Manifest } from "../../runtime/engines/local/library/library-cache.js";
import type { LibraryFiles } from "../../runtime/engines/local/library/library-files.js";
import type { Platform } from "../../runtime/engines/local/library/platform.js";
import type { Obtained } from "./fetch-library.js";
import type { OnProgress } from "./install-progress.js";

/** Moves the libraries into the new folder `target`, under the names by which they refer to each other. */
export async function stage(obtained: Obtained, target: string, onProgress: OnProgress): Promise<LibraryFiles> {
  await mkdir(target, { recursive: true });
  const { main, framework } = obtained.library;
  const files = framework === undefined ? [main] : [framework, main];
  // The names may be links (libtensorflow.so.2 → libtensorflow.so.2.18.0): the file itself is used.
  const sources = await Promise.all(
    files.map(async (file) => {
      const real = await realpath(file);
      return { name: basename(file), real, size: (await stat(real)).size };
    }),
  );
  const total = sources.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { name, real, size } of sources) {
    await put(real, join(target, name), obtained.unpacked);
    done += size;
    if (obtained.unpacked === undefined) onProgress({ phase: "unpack", done, total });
  }
  const staged = (path: string): string => join(target, basename(path));
  return { main: staged(main), framework: framework === undefined ? undefined : staged(framework) };
}

async function put(file: string, target: string, unpacked: string | undefined): Promise<void> {
  if (unpacked === undefined) return copyFile(file, target, constants.COPYFILE_FICLONE);
  if (!file.startsWith((await realpath(unpacked)) + sep)) {
    throw new SavedModelError("INSTALL_FAILED", `the archive's ${basename(target)} is a link to a file outside of it`);
  }
  return rename(file, target);
}

/** Writes `library.json` beside the staged libraries. */
export async function writeManifest(
  library: LibraryFiles,
  folder: string,
  about: {
    readonly version: string;
    readonly platform: Platform;
    readonly source: Manifest["source"];
    readonly stripped: boolean;
    /** Paths in the folder of more files that the library needs. */
    readonly others?: readonly string[];
  },
): Promise<void> {
  const { main } = library;
  const nameOf = (path: string): string => relative(folder, path);
  const framework = library.framework === undefined ? undefined : nameOf(library.framework);
  const names = [nameOf(main), ...(framework === undefined ? [] : [framework]), ...(about.others ?? [])];
  const files = await Promise.all(names.map(async (name) => ({ name, size: (await stat(join(folder, name))).size })));
  const manifest: Manifest = {
    version: about.version,
    platform: about.platform.name,
    source: about.source,
    ...(about.stripped && { stripped: true }),
    main: nameOf(main),
    framework: framework ?? null,
    files,
  };
  await writeFile(join(folder, "library.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

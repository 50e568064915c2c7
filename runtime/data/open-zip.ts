import { openPromise, type ZipFile } from "yauzl";

/**
 * Opens a zip archive, whose entries are read one by one; the caller closes it.
 *
 * This module is loaded where an archive is read, and imports the package statically: in a bundle, `import()` of a CommonJS
 * package has a default export only.
 */
export function openZip(path: string): Promise<ZipFile> {
  return openPromise(path, { lazyEntries: true, autoClose: false });
}

import { closeSync } from "node:fs";
import type { Entry, ZipFile } from "yauzl";
import { awaitAtCaller } from "../base/caller-stack.js";
import { checkCount, checkOptions, invalidOption } from "../base/check-options.js";
import { SavedModelError } from "../base/errors.js";
import { openRegularFile } from "../base/regular-file.js";
import { printable, quote, reasonOf, suggest } from "../base/text.js";
import type { DType } from "../tensor/dtype.js";
import { isDType } from "../tensor/dtype.js";
import { decodeWithin } from "../tensor/npy/npy.js";
import type { Tensor } from "../tensor/tensor.js";
import { convertTensor } from "./convert-values.js";
import { filePath, isSystemError, readFailed, showPath } from "./read-file.js";
import { readZipEntry } from "./zip-entry.js";

/** Options for reading a `.npz` file. */
export interface NpzOptions<Arrays extends Readonly<Record<string, DType>> = Readonly<Record<string, DType>>> {
  /**
   * Arrays to be read, with the wanted dtypes. An array of other numbers is converted; a missing array is an error. By
   * default all arrays are read as they are.
   */
  readonly arrays?: Arrays;
  /**
   * Maximum size of all arrays in bytes, unpacked. Default: 4 GiB. Each string of an array counts as 1 KiB more, for
   * its own memory.
   */
  readonly maxBytes?: number;
}

const MAX_BYTES = 2 ** 32;
/** Upper estimate of the memory of a short string: a packed file of 16 KB can hold 16 million of them. */
const STRING_BYTES = 1024;
const SUFFIX = ".npy";

/**
 * Reads a `.npz` file of NumPy, an archive of arrays by name, as `numpy.savez` and `numpy.savez_compressed` write it.
 * Checksums are checked, and entries longer than the archive says are rejected.
 *
 * @param file a path or a `file:` URL
 * @returns the tensors by name, in an object without prototype
 * @throws SavedModelError `NPY_INVALID` for a file that is not such an archive, is damaged, or has arrays larger than
 * `maxBytes`; `NPY_UNSUPPORTED` for arrays that no tensor can hold, and for entries that are not arrays; `READ_FAILED`;
 * `INVALID_ARGUMENT` where an array is missing; `INVALID_DTYPE`, `NOT_AN_INTEGER` or `OUT_OF_RANGE` where one cannot be
 * converted; `INVALID_OPTION`
 */
export function readNpz(
  file: string | URL,
  options?: NpzOptions & { readonly arrays?: never },
): Promise<Readonly<Record<string, Tensor>>>;
export function readNpz<const Arrays extends Readonly<Record<string, DType>>>(
  file: string | URL,
  options: NpzOptions<Arrays> & { readonly arrays: Arrays },
): Promise<{ readonly [Name in keyof Arrays]: Tensor<Arrays[Name]> }>;
export function readNpz(file: string | URL, options: NpzOptions = {}): Promise<Readonly<Record<string, Tensor>>> {
  return awaitAtCaller(readNpz, async () => {
    const path = filePath("readNpz()", file);
    const { arrays, maxBytes = MAX_BYTES } = checked(options);
    try {
      return await readArchive(path, arrays, maxBytes);
    } catch (cause) {
      if (cause instanceof SavedModelError) throw cause;
      if (isSystemError(cause)) throw readFailed(path, cause);
      throw damaged(path, printable(reasonOf(cause), 500), cause);
    }
  });
}

function checked(options: NpzOptions): NpzOptions {
  const call = "readNpz()";
  checkOptions(call, options, ["arrays", "maxBytes"]);
  checkCount(call, "maxBytes", options.maxBytes);
  const { arrays } = options;
  if (arrays === undefined) return options;
  if (typeof arrays !== "object" || arrays === null || !Object.values(arrays).every(isDType)) {
    throw invalidOption(call, "arrays", 'an object of dtypes by name, such as { x: "float32" }');
  }
  return options;
}

async function readArchive(
  path: string,
  arrays: NpzOptions["arrays"],
  maxBytes: number,
): Promise<Readonly<Record<string, Tensor>>> {
  const { openZip } = await import("./open-zip.js");
  closeSync(openRegularFile(path).descriptor);
  const zip = await openZip(path);
  try {
    const entries = choose(path, await entriesOf(path, zip), arrays);
    const total = [...entries.values()].reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    if (total > maxBytes) {
      throw new SavedModelError("NPY_INVALID", `the arrays in ${showPath(path)} have ${total} bytes`, {
        fix: `\`maxBytes\` allows ${maxBytes}.`,
      });
    }
    // Names are chosen by an author, and may be those of `Object.prototype`.
    const tensors: Record<string, Tensor> = Object.create(null);
    let left = maxBytes - total;
    for (const [name, entry] of entries) {
      const tensor = await readTensor(path, zip, name, entry, left / STRING_BYTES);
      if (tensor.dtype === "string") left -= tensor.size * STRING_BYTES;
      const dtype = arrays?.[name];
      tensors[name] = dtype === undefined ? tensor : convertTensor(tensor, dtype, `array ${quote(name)}`);
    }
    return tensors;
  } finally {
    zip.close();
  }
}

/** Entries of the archive by NumPy's names, without `.npy`; other files under their own names. */
async function entriesOf(path: string, zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const name = fileName.endsWith(SUFFIX) ? fileName.slice(0, -SUFFIX.length) : fileName;
    if (entries.has(name)) throw damaged(path, `${quote(name)} is in it twice`);
    entries.set(name, entry);
  }
  return entries;
}

function choose(
  path: string,
  entries: ReadonlyMap<string, Entry>,
  arrays: NpzOptions["arrays"],
): ReadonlyMap<string, Entry> {
  const isArray = ({ fileName }: Entry): boolean => fileName.endsWith(SUFFIX);
  if (arrays === undefined) {
    const other = [...entries.values()].find((entry) => !isArray(entry));
    if (other === undefined) return entries;
    const what = `${showPath(path)} has ${quote(other.fileName)}, which is not a .npy file`;
    throw new SavedModelError("NPY_UNSUPPORTED", what, { fix: "List the arrays to read in the option `arrays`." });
  }
  return new Map(
    Object.keys(arrays).map((name) => {
      const entry = entries.get(name);
      if (entry !== undefined && isArray(entry)) return [name, entry];
      const names = [...entries].filter(([, entry]) => isArray(entry)).map(([name]) => name);
      throw new SavedModelError("INVALID_ARGUMENT", `${showPath(path)} has no array ${quote(name)}`, {
        fix: suggest(name, names, "Its arrays"),
      });
    }),
  );
}

async function readTensor(path: string, zip: ZipFile, name: string, entry: Entry, maxStrings: number): Promise<Tensor> {
  const bytes = await readZipEntry(path, zip, entry, (reason) => damaged(path, `${quote(name)} ${reason}`));
  try {
    return decodeWithin(bytes, maxStrings);
  } catch (cause) {
    if (!(cause instanceof SavedModelError)) throw cause;
    const { code, rawMessage, fix } = cause;
    const what = `array ${quote(name)} in ${showPath(path)}: ${rawMessage}`;
    throw new SavedModelError(code, what, fix === undefined ? { cause } : { fix, cause });
  }
}

function damaged(path: string, reason: string, cause?: unknown): SavedModelError {
  return new SavedModelError("NPY_INVALID", `${showPath(path)} is not a readable .npz file: ${reason}`, { cause });
}

import { constants } from "node:buffer";
import { withCallerStack } from "../../base/caller-stack.js";
import { SavedModelError } from "../../base/errors.js";
import { printable } from "../../base/text.js";
import type { DType } from "../dtype.js";
import { elementCount, isShape } from "../shape.js";
import { notATensor, Tensor } from "../tensor.js";
import { readDescr, writeDescr } from "./npy-dtype.js";
import { readElements, swapBytes, toRowMajor } from "./npy-elements.js";
import { npyInvalid, npyUnsupported, readHeader, writeHeader } from "./npy-header.js";

/** The elements that an array of JavaScript can have. */
const MOST_STRINGS = 2 ** 32 - 1;

/**
 * Reads the bytes of a `.npy` file, NumPy's format of one array (numpy/lib/format.py, versions 1.0 to 3.0).
 *
 * Big-endian numbers and arrays in Fortran order are converted to those of a tensor. NumPy's strings, of bytes (`S`) or
 * of text (`U`, which becomes UTF-8), lose the NULs at their ends, as they do in NumPy. The bytes are copied. Python
 * objects are never unpickled.
 *
 * @throws SavedModelError `NPY_INVALID` for bytes that are not such a file, are longer or shorter than the header says,
 * or with a shape that no tensor has; `NPY_UNSUPPORTED` for dtypes that no tensor has: objects, fields, dates;
 * `INVALID_ARGUMENT` for a value that is not a `Uint8Array`
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  return withCallerStack(decodeNpy, () => {
    if (!(bytes instanceof Uint8Array)) {
      throw new SavedModelError("INVALID_ARGUMENT", "decodeNpy() takes the bytes of a .npy file, a Uint8Array");
    }
    return decodeWithin(bytes, Number.POSITIVE_INFINITY);
  });
}

/** {@link decodeNpy} with a limit on the number of strings: each of them allocates memory, however short it is. */
export function decodeWithin(bytes: Uint8Array, maxStrings: number): Tensor {
  const { header, dataStart } = readHeader(bytes);
  const { shape, fortranOrder } = header;
  const layout = readDescr(header.descr);
  const tuple = printable(shape.join(", "));
  if (!isShape(shape)) throw npyInvalid(`no tensor can have its shape (${tuple})`);
  const count = elementCount(shape);
  let data = bytes.subarray(dataStart);
  const due = count * layout.itemBytes;
  if (data.length !== due) throw npyInvalid(`expected ${due} bytes of data by its header, got ${data.length}`);
  if (layout.kind !== "numeric" && count > Math.min(maxStrings, MOST_STRINGS)) {
    throw npyInvalid(`it has ${count} strings, expected at most ${Math.floor(Math.min(maxStrings, MOST_STRINGS))}`);
  }
  if (layout.bigEndian && layout.wordBytes > 1) data = swapBytes(data, layout.wordBytes);
  if (fortranOrder && shape.length > 1) data = toRowMajor(data, shape, layout.itemBytes);
  return Tensor.own(layout.kind === "numeric" ? layout.dtype : "string", shape, readElements(data, layout, count));
}

/**
 * Encodes a tensor as a `.npy` file, with the bytes that `numpy.save` writes for the array. Strings become bytes of a
 * fixed length (`S`), that of the longest.
 *
 * @throws SavedModelError `NPY_UNSUPPORTED` for bfloat16 and quantised dtypes, which NumPy does not have, and for
 * strings that end in a NUL, which NumPy would strip; `INVALID_ARGUMENT` for a value that is not a tensor
 */
export function encodeNpy(tensor: Tensor): Uint8Array {
  return withCallerStack(encodeNpy, () => {
    if (!Tensor.is(tensor)) throw notATensor("encodeNpy()", tensor);
    const elements = Tensor.elementsOf(tensor);
    const { descr, data } = ArrayBuffer.isView(elements) ? numbers(tensor.dtype, elements) : strings(elements);
    const header = writeHeader(descr, tensor.shape);
    const bytes = new Uint8Array(header.length + data.length);
    bytes.set(header);
    bytes.set(data, header.length);
    return bytes;
  });
}

/** The data of an array, and its dtype. */
interface NpyData {
  readonly descr: string;
  readonly data: Uint8Array;
}

function numbers(dtype: DType, elements: ArrayBufferView): NpyData {
  const data = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return { descr: writeDescr(dtype), data };
}

function strings(elements: readonly Uint8Array[]): NpyData {
  const cut = elements.findIndex((bytes) => bytes.at(-1) === 0);
  if (cut !== -1) {
    const what = `the string at position ${cut} ends in a NUL byte, which NumPy treats as padding and would cut off`;
    throw npyUnsupported(what, "Write JSON instead.");
  }
  // NumPy has no strings of length 0.
  const itemBytes = elements.reduce((longest, { length }) => Math.max(longest, length), 1);
  const size = itemBytes * elements.length;
  if (size > constants.MAX_LENGTH)
    throw npyUnsupported(`strings of ${itemBytes} bytes each are ${size} in a .npy file`);
  const data = new Uint8Array(size);
  for (const [index, bytes] of elements.entries()) data.set(bytes, index * itemBytes);
  return { descr: `|S${itemBytes}`, data };
}

import { SavedModelError } from "../../base/errors.js";
import { quote } from "../../base/text.js";
import { type Literal, parseLiteral } from "./python-literal.js";

/** Header of a `.npy` file. The shape is as it is written: it may be one that no tensor can have. */
export interface NpyHeader {
  /** The dtype, such as `<f4`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** `\x93NUMPY` */
const MAGIC: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Maximum length of a header, as in NumPy by default; a tensor's has 5,000 at most. */
const MAX_HEADER_BYTES = 10_000;
/** The data begins at a multiple of this. */
const ALIGNMENT = 64;
/** NumPy leaves room for the first size to grow in place, to as many digits. */
const GROWTH_DIGITS = 21;

/** Returns the error for bytes that are not a `.npy` file. */
export function npyInvalid(what: string): SavedModelError {
  return new SavedModelError("NPY_INVALID", `not a readable .npy file: ${what}`);
}

/** Returns the error for a dtype that only `.npy` or only TensorFlow has. */
export function npyUnsupported(what: string, fix?: string): SavedModelError {
  return new SavedModelError("NPY_UNSUPPORTED", what, fix === undefined ? {} : { fix });
}

/**
 * Reads the header of format 1.0, 2.0 or 3.0.
 *
 * @returns the header, and the offset of the data
 * @throws SavedModelError `NPY_INVALID`; `NPY_UNSUPPORTED` for a dtype with fields
 */
export function readHeader(bytes: Uint8Array): { readonly header: NpyHeader; readonly dataStart: number } {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) throw npyInvalid("it does not begin with \\x93NUMPY");
  const [major = 0, minor = 0] = bytes.subarray(MAGIC.length);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw npyInvalid("it ends in its header");
  if (major < 1 || major > 3 || minor !== 0) throw npyInvalid(`its format is ${major}.${minor}, not 1.0, 2.0 or 3.0`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) throw npyInvalid(`its header has ${length} bytes, more than ${MAX_HEADER_BYTES}`);
  const dataStart = start + length;
  if (bytes.length < dataStart) throw npyInvalid("it ends in its header");
  // The grammar has nothing but ASCII, so it does not matter that format 3.0 is UTF-8.
  const text = Buffer.from(bytes.subarray(start, dataStart)).toString("latin1");
  return { header: interpret(parseLiteral(text), text), dataStart };
}

function interpret(literal: Literal | undefined, text: string): NpyHeader {
  const entries = literal instanceof Map ? (literal as ReadonlyMap<string, Literal>) : new Map<string, Literal>();
  const descr = entries.get("descr");
  const fortranOrder = entries.get("fortran_order");
  const shape = readShape(entries.get("shape"));
  if (entries.size !== 3 || descr === undefined || typeof fortranOrder !== "boolean" || shape === undefined) {
    throw npyInvalid(`its header is ${quote(text.trim())}`);
  }
  if (typeof descr !== "string") throw npyUnsupported("a .npy file whose dtype has fields is not a tensor");
  return { descr, fortranOrder, shape };
}

/** The integers of a tuple. */
function readShape(shape: Literal | undefined): readonly number[] | undefined {
  if (typeof shape !== "object" || !("bracket" in shape) || shape.bracket !== "(") return undefined;
  const sizes = shape.items.filter((size) => typeof size === "number");
  return sizes.length === shape.items.length ? sizes : undefined;
}

/** The bytes in front of the data, as `numpy.save` writes them for an array in row-major order. */
export function writeHeader(descr: string, shape: readonly number[]): Uint8Array {
  const [first] = shape;
  const sizes = shape.length === 1 ? `${first},` : shape.join(", ");
  const room = first === undefined ? 0 : GROWTH_DIGITS - `${first}`.length;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }${" ".repeat(room)}`;
  const start = MAGIC.length + 4;
  const unpadded = start + text.length + 1;
  const bytes = Buffer.alloc(unpadded + ALIGNMENT - (unpadded % ALIGNMENT), " ");
  bytes.set([...MAGIC, 1, 0]);
  bytes.writeUInt16LE(bytes.length - start, MAGIC.length + 2);
  bytes.write(text, start, "latin1");
  bytes.write("\n", bytes.length - 1);
  return bytes;
}

import { quote } from "../../base/text.js";
import { type DType, dtypeInfo, type NumericDType } from "../dtype.js";
import { npyInvalid, npyUnsupported } from "./npy-header.js";

/** Layout of the elements of an array in a `.npy` file. */
export type NpyLayout = NumericLayout | StringLayout;

interface Layout {
  /** The bytes of one element. */
  readonly itemBytes: number;
  /** Number of bytes that are reversed together where the file is big-endian; 1 where nothing is to be reversed. */
  readonly wordBytes: number;
  readonly bigEndian: boolean;
}

interface NumericLayout extends Layout {
  readonly kind: "numeric";
  readonly dtype: NumericDType;
}

/** Strings of bytes, or of code points of four bytes; shorter ones are filled up with NULs. */
interface StringLayout extends Layout {
  readonly kind: "bytes" | "text";
}

/** NumPy's name of each dtype, as a kind and the bytes of an element, and its words if it is made of several. */
const NUMERIC: readonly (readonly [code: string, dtype: NumericDType, wordBytes?: number])[] = [
  ["b1", "bool"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["c8", "complex64", 4],
  ["c16", "complex128", 8],
];

const DESCR = /^([<>|])([a-zA-Z])([0-9]{1,10})(.{0,40})$/;

/**
 * Parses the dtype in a header's `descr`.
 *
 * @throws SavedModelError `NPY_UNSUPPORTED` for a dtype that no tensor has, `NPY_INVALID` for an unknown dtype
 */
export function readDescr(descr: string): NpyLayout {
  if (descr.startsWith("|O")) {
    throw npyUnsupported(
      "a .npy file of Python objects cannot be read: unpickling it could run any program",
      'Save text as bytes, numpy.save(file, x.astype("S")), and numbers with a dtype.',
    );
  }
  const [, order, kind = "", digits = "", rest] = DESCR.exec(descr) ?? [];
  const size = Number(digits);
  if (order === undefined || rest !== "" || size === 0) throw unknown(descr);
  const bigEndian = order === ">";
  if (kind === "S") return { kind: "bytes", itemBytes: size, wordBytes: 1, bigEndian };
  const [code, dtype, wordBytes = size] = NUMERIC.find(([code]) => code === `${kind}${size}`) ?? [];
  if (code === undefined && kind !== "U") throw unknown(descr);
  if (order === "|" && size > 1) throw npyInvalid(`its dtype ${quote(descr)} has no byte order`);
  if (dtype === undefined) return { kind: "text", itemBytes: size * 4, wordBytes: 4, bigEndian };
  return { kind: "numeric", dtype, itemBytes: size, wordBytes, bigEndian };
}

/** The `descr` of a dtype. @throws SavedModelError `NPY_UNSUPPORTED` for bfloat16 and quantised dtypes, which NumPy does not have */
export function writeDescr(dtype: DType): string {
  const code = NUMERIC.find(([, name]) => name === dtype)?.[0];
  if (code === undefined) {
    throw npyUnsupported(`a ${dtype} tensor has no .npy form: NumPy has no such dtype`, "Convert it to another dtype.");
  }
  return `${dtypeInfo(dtype).bytes === 1 ? "|" : "<"}${code}`;
}

function unknown(descr: string): Error {
  const known = NUMERIC.map(([, dtype]) => dtype).join(", ");
  return npyUnsupported(`a .npy file of dtype ${quote(descr)} is not a tensor`, `Supported dtypes: ${known}, S and U.`);
}

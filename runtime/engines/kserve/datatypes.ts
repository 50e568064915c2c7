import type { DType, DTypeInfo } from "../../tensor/dtype.js";

/** Datatypes of the Open Inference Protocol. BF16 is an extension that Triton and KServe have. */
const DATATYPES: ReadonlyMap<DType, string> = new Map([
  ["bool", "BOOL"],
  ["uint8", "UINT8"],
  ["uint16", "UINT16"],
  ["uint32", "UINT32"],
  ["uint64", "UINT64"],
  ["int8", "INT8"],
  ["int16", "INT16"],
  ["int32", "INT32"],
  ["int64", "INT64"],
  ["float16", "FP16"],
  ["bfloat16", "BF16"],
  ["float32", "FP32"],
  ["float64", "FP64"],
  ["string", "BYTES"],
]);

const DTYPES: ReadonlyMap<string, DType> = new Map([...DATATYPES].map(([dtype, datatype]) => [datatype, dtype]));

/** Returns the protocol's name of a dtype; undefined where it has none. */
export function datatypeOf({ name }: DTypeInfo): string | undefined {
  return DATATYPES.get(name);
}

/** Returns the dtype of a datatype; of an unknown one its own name, for messages. */
export function dtypeOf(datatype: string): string {
  return DTYPES.get(datatype) ?? datatype;
}

/** Returns the reason why the protocol has no form for a dtype. */
export function lacks(dtype: DTypeInfo): string | undefined {
  return datatypeOf(dtype) === undefined ? "the Open Inference Protocol does not have it" : undefined;
}

/** Names of `DataType` (tensorflow/core/framework/types.proto) in the order of their numbers, starting at 0. */
const DATA_TYPES =
  "INVALID FLOAT DOUBLE INT32 UINT8 INT16 INT8 STRING COMPLEX64 INT64 BOOL QINT8 QUINT8 QINT32 BFLOAT16 QINT16 QUINT16 " +
  "UINT16 COMPLEX128 HALF RESOURCE VARIANT UINT32 UINT64 FLOAT8_E5M2 FLOAT8_E4M3FN FLOAT8_E4M3FNUZ FLOAT8_E4M3B11FNUZ " +
  "FLOAT8_E5M2FNUZ INT4 UINT4 INT2 UINT2 FLOAT4_E2M1FN";

/** Difference between the number of a reference dtype and that of its plain dtype. */
const REFERENCE = 100;

/** The names of `TypeSpecProto.TypeSpecClass` (tensorflow/core/protobuf/struct.proto) that are read, with their numbers. */
const SPEC_CLASSES = { SPARSE_TENSOR_SPEC: 1, RAGGED_TENSOR_SPEC: 3 } as const;

const values: ReadonlyMap<string, number> = new Map([
  ...DATA_TYPES.split(" ").flatMap((name, number) => [
    [`DT_${name}`, number] as const,
    [`DT_${name}_REF`, number + REFERENCE] as const,
  ]),
  ...Object.entries(SPEC_CLASSES),
]);

/** The number of an enum's value; undefined for a name that is not known. */
export function enumValue(name: string): number | undefined {
  return values.get(name);
}

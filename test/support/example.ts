import protobuf from "protobufjs";

/** The features of a serialized `tf.Example` by key, read with TensorFlow's own definition of it. */
export function decodeExample(bytes: Uint8Array): Record<string, readonly (string | number | bigint)[]> {
  const { features } = example.toObject(example.decode(bytes)) as {
    features?: { feature?: Record<string, DecodedFeature> };
  };
  return Object.fromEntries(
    Object.entries(features?.feature ?? {}).map(([key, { bytesList, floatList, int64List }]) => [
      key,
      bytesList?.value?.map((value) => Buffer.from(value).toString("latin1")) ??
        floatList?.value ??
        varints(int64List?.value ?? new Uint8Array()),
    ]),
  );
}

interface DecodedFeature {
  readonly bytesList?: { readonly value?: readonly Uint8Array[] };
  readonly floatList?: { readonly value?: readonly number[] };
  readonly int64List?: { readonly value?: Uint8Array };
}

// A packed list of integers is declared as the bytes that it is: the library reads 64 bits as a double.
const example: protobuf.Type = protobuf
  .parse(
    `syntax = "proto3";
    message BytesList { repeated bytes value = 1; }
    message FloatList { repeated float value = 1 [packed = true]; }
    message Int64List { bytes value = 1; }
    message Feature { oneof kind { BytesList bytes_list = 1; FloatList float_list = 2; Int64List int64_list = 3; } }
    message Features { map<string, Feature> feature = 1; }
    message Example { Features features = 1; }`,
  )
  .root.lookupType("Example");

function varints(bytes: Uint8Array): readonly bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      values.push(BigInt.asIntN(64, value));
      value = shift = 0n;
    }
  }
  return values;
}

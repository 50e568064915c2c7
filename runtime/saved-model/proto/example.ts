import protobuf, { type Writer } from "protobufjs/light.js";

/** The values of one feature of a `tf.Example`, in row-major order. */
export interface FeatureValues {
  readonly key: string;
  readonly values: Float32Array | BigInt64Array | readonly Uint8Array[];
}

// Fields of tensorflow/core/example/{example,feature}.proto, all of them length-delimited (wire type 2).
const EXAMPLE_FEATURES = tag(1);
const FEATURES_FEATURE = tag(1);
const ENTRY_KEY = tag(1);
const ENTRY_VALUE = tag(2);
const FEATURE_BYTES_LIST = tag(1);
const FEATURE_FLOAT_LIST = tag(2);
const FEATURE_INT64_LIST = tag(3);
const LIST_VALUE = tag(1);

function tag(field: number): number {
  return (field << 3) | 2;
}

/** A serialized `tf.Example`: `Example { features: Features { feature: map<string, Feature> } }`. */
export function encodeExample(features: readonly FeatureValues[]): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(EXAMPLE_FEATURES).fork();
  for (const { key, values } of features) {
    writer.uint32(FEATURES_FEATURE).fork();
    writer.uint32(ENTRY_KEY).string(key);
    writer.uint32(ENTRY_VALUE).fork();
    writeList(writer, values);
    writer.ldelim().ldelim();
  }
  return writer.ldelim().finish();
}

function writeList(writer: Writer, values: FeatureValues["values"]): void {
  if (values instanceof Float32Array) {
    writer.uint32(FEATURE_FLOAT_LIST).fork();
    // A packed list of floats is their bytes; TensorFlow's platforms are little-endian, as protocol buffers are.
    writer.uint32(LIST_VALUE).bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  } else if (values instanceof BigInt64Array) {
    const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    writer.uint32(FEATURE_INT64_LIST).fork().uint32(LIST_VALUE).fork();
    for (let index = 0; index < halves.length; index += 2) {
      writer.int64({ low: halves[index] ?? 0, high: halves[index + 1] ?? 0, unsigned: false });
    }
    writer.ldelim();
  } else {
    writer.uint32(FEATURE_BYTES_LIST).fork();
    for (const bytes of values) writer.uint32(LIST_VALUE).bytes(bytes);
  }
  writer.ldelim();
}

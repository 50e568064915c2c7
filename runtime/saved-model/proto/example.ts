import { WireWriter } from "./wire-writer.js";

/** The values of one feature of a `tf.Example`, in row-major order. */
export interface FeatureValues {
  readonly key: string;
  readonly values: Float32Array | BigInt64Array | readonly Uint8Array[];
}

// Fields of tensorflow/core/example/{example,feature}.proto, all of them length-delimited.
const EXAMPLE_FEATURES = 1;
const FEATURES_FEATURE = 1;
const ENTRY_KEY = 1;
const ENTRY_VALUE = 2;
const FEATURE_BYTES_LIST = 1;
const FEATURE_FLOAT_LIST = 2;
const FEATURE_INT64_LIST = 3;
const LIST_VALUE = 1;

/** A serialized `tf.Example`: `Example { features: Features { feature: map<string, Feature> } }`. */
export function encodeExample(features: readonly FeatureValues[]): Uint8Array {
  const writer = new WireWriter(1024);
  const example = writer.begin(EXAMPLE_FEATURES);
  for (const { key, values } of features) {
    const entry = writer.begin(FEATURES_FEATURE);
    writer.bytes(ENTRY_KEY, Buffer.from(key));
    const feature = writer.begin(ENTRY_VALUE);
    writeList(writer, values);
    writer.end(feature);
    writer.end(entry);
  }
  writer.end(example);
  return writer.finish();
}

function writeList(writer: WireWriter, values: FeatureValues["values"]): void {
  if (values instanceof Float32Array) {
    const list = writer.begin(FEATURE_FLOAT_LIST);
    // A packed list of floats is their bytes; TensorFlow's platforms are little-endian, as protocol buffers are.
    writer.bytes(LIST_VALUE, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    writer.end(list);
  } else if (values instanceof BigInt64Array) {
    const list = writer.begin(FEATURE_INT64_LIST);
    const packed = writer.begin(LIST_VALUE);
    writer.varints(values);
    writer.end(packed);
    writer.end(list);
  } else {
    const list = writer.begin(FEATURE_BYTES_LIST);
    for (const bytes of values) writer.bytes(LIST_VALUE, bytes);
    writer.end(list);
  }
}

import fc from "fast-check";
import type { ModelFields, SignatureFields, TensorFields } from "./saved-model.js";

/** Texts that end something, mean something to some reader, look like something else, or cannot be seen. */
const TRICKS = (
  "\" ' ` $\u007b } { */ /* // <!-- --> \\ \\u0041 \\x \n \r \r\n \t \0 \b \u001b[31m \u007f \u0085 \u2028 \u2029 " +
  "\u202e \u2066 \u2069 \u200b \u200c \u200d \u2060 \ufeff \u00ad \u034f \u3164 \uffa0 \u115f \ufe0f \u{e0100} \u{e0041} " +
  "👋 👩‍👩‍👧 ❤️ 🇨🇭 e\u0301 é ΐ ǆ ß İ ﬁ Å Å ℘ ゛ 日本 größe Ελληνικά \u{1d4d0} \u{20000} \u{1c89} \u{323b0} ɤ " +
  "__proto__ constructor prototype then toString valueOf hasOwnProperty toJSON __defineGetter__ " +
  "load run save dispose call signatures directory descriptor inputs options Model Tensor TensorLike Client " +
  "class static async await yield get set new delete this super null true void enum let of type interface declare " +
  "private readonly string number any never unknown object eval arguments NaN undefined require exports " +
  "@param @returns @see @deprecated @ts-ignore @ts-nocheck {@link #!/bin/sh ); =>{ }); : ; , . - / 0 00 1 01 9 10 1e9"
).split(" ");

/** Keys that become the same identifier, or nearly. */
const ALIKE = "x_y xY x-y X_Y x__y x/y:0 xY2 xy XY x_y2 _xY x\u200dy 👋 👍 … _ __ x1 x_1 x01 x_01".split(" ");

const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...TRICKS), { maxLength: 5 }).map((parts) => parts.join("")) },
  { weight: 2, arbitrary: fc.constantFrom(...TRICKS) },
  { weight: 3, arbitrary: fc.constantFrom(...ALIKE) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...TRICKS), { maxLength: 4 }).map((parts) => parts.join("_")) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
);

/** Protocol buffers have no lone surrogates. */
const hostileText: fc.Arbitrary<string> = anyText.map((text) => text.toWellFormed());

/** One in some forty is very long. */
const hostileKey: fc.Arbitrary<string> = fc
  .tuple(hostileText, fc.integer({ min: 0, max: 39 }))
  .map(([text, dice]) => (dice > 0 ? text : text.padEnd(10_000, text || "k").toWellFormed()));

/** Each value of the `DataType` enum, its references, and values that it does not have; the usual ones more often. */
const dtype: fc.Arbitrary<number> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 16, 17, 18, 19, 22, 23, 101, 107, 109, 110),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 140 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1000, 2 ** 31 - 1, -(2 ** 31)) },
);

const size: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(-1, -1, 0, 1, 2, 3, 16, 17, 1000, 2 ** 31, 2 ** 53, -(2 ** 53)),
);

const shape: fc.Arbitrary<TensorFields["shape"]> = fc.oneof(
  { weight: 8, arbitrary: fc.array(size, { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
);

const defaultValue: fc.Arbitrary<object> = fc.oneof(
  fc.constant({}),
  fc.record({ dtype: fc.constantFrom(1, 3, 7, 9, 10), floatVal: fc.array(fc.float(), { maxLength: 3 }) }),
  fc.record({
    dtype: fc.constant(7),
    stringVal: fc.array(
      hostileText.map((text) => Buffer.from(text)),
      { maxLength: 2 },
    ),
  }),
);

const tensor: fc.Arbitrary<TensorFields> = fc.record(
  {
    key: hostileKey,
    dtype,
    shape,
    tensor: fc.oneof({ weight: 40, arbitrary: fc.constant("x:0") }, { weight: 1, arbitrary: hostileText }),
    encoding: fc.oneof({ weight: 1, arbitrary: fc.constantFrom("sparse", "composite") }),
    byDefault: defaultValue,
  },
  { requiredKeys: ["key", "dtype", "shape", "tensor"] },
);

/** Most have no encoding: a signature with one of them has no method. */
const plainTensor: fc.Arbitrary<TensorFields> = fc
  .tuple(tensor, fc.integer({ min: 0, max: 29 }))
  .map(([{ encoding, ...plain }, dice]) => (dice > 0 || encoding === undefined ? plain : { ...plain, encoding }));

/** A proto map: whoever reads it takes one value of each key. */
const tensors = (maxLength: number): fc.Arbitrary<readonly TensorFields[]> =>
  fc.uniqueArray(plainTensor, { maxLength, selector: ({ key }) => key });

const signature: fc.Arbitrary<SignatureFields> = fc.record({
  key: fc.oneof(
    { weight: 20, arbitrary: hostileKey },
    { weight: 1, arbitrary: fc.constantFrom("__saved_model_init_op", "serving_default") },
  ),
  methodName: hostileText,
  inputs: tensors(4),
  outputs: fc.oneof(tensors(3), tensors(1)),
});

/** A model in which every text is somebody's attempt, and every order is random. */
export const hostileModel: fc.Arbitrary<ModelFields> = fc.record({
  tags: fc.array(hostileText, { maxLength: 3 }),
  tensorflowVersion: hostileText,
  signatures: fc.uniqueArray(signature, { maxLength: 4, selector: ({ key }) => key }),
});

/** A folder's name that POSIX allows. */
export const hostileFolder: fc.Arbitrary<string> = hostileText
  .map((text) => text.replaceAll(/[\0/]/g, "").slice(0, 60).toWellFormed())
  .filter((name) => !["", ".", ".."].includes(name));

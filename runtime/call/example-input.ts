import { SavedModelError } from "../base/errors.js";
import { didYouMean, quote, suggest } from "../base/text.js";
import type { FeatureSpec } from "../saved-model/model-spec.js";
import { encodeExample, type FeatureValues } from "../saved-model/proto/example.js";
import { stageTensor } from "../tensor/check-tensor.js";
import { type InputSpec, missingInputs, nameInput, stage } from "../tensor/check-value.js";
import { dtypeInfo } from "../tensor/dtype.js";
import { holdsOneValue } from "../tensor/shape.js";
import { type Elements, Tensor } from "../tensor/tensor.js";

/** A feature that objects are read for. */
interface PreparedFeature extends Omit<InputSpec, "role"> {
  readonly acceptsBare: boolean;
  readonly property: string;
  readonly optional: boolean;
}

/** Encodes the objects among the items of an input as serialized `tf.Example`s. */
export class ExampleEncoder {
  readonly #input: string;
  readonly #features: readonly PreparedFeature[];
  readonly #properties: ReadonlySet<string>;

  readonly #rank: 0 | 1 | undefined;

  /**
   * @param input its name, for messages
   * @param rank the accepted rank, where the input's shape leaves it open: one example (0) or an array of them (1)
   */
  constructor(input: Pick<InputSpec, "key" | "argument">, features: readonly FeatureSpec[], rank?: 0 | 1) {
    this.#rank = rank;
    this.#input = `input ${nameInput(input)}`;
    this.#features = features.map(({ key, dtype, kind, shape, optional, property }) => ({
      key,
      dtype: dtypeInfo(dtype),
      shape,
      acceptsBare: kind === "dense" && holdsOneValue(shape),
      property,
      optional: optional === true,
    }));
    this.#properties = new Set(features.map(({ property }) => property));
  }

  /**
   * Returns the value with bytes in place of objects; all other items are left for the check of strings.
   *
   * @throws SavedModelError `INVALID_RANK` for one example where only an array of them can be parsed, or an array where
   * only one can; `MISSING_INPUT` and `UNKNOWN_INPUT` for features, and the codes of {@link stage}, naming the
   * call, the input's key, the number of the example and the feature's key
   */
  encode(value: unknown, call: string): unknown {
    if (isExample(value)) {
      this.#requireRank(0, call, "an array of examples, got one example", "Wrap it in an array.");
      return this.#encodeOne(value, call, this.#input);
    }
    if (!Array.isArray(value) || !value.some(isExample)) return value;
    this.#requireRank(1, call, "one example, got an array", "Call the method once per example.");
    return Array.from(value, (item: unknown, index) =>
      isExample(item) ? this.#encodeOne(item, call, `${this.#input}, example ${index}`) : item,
    );
  }

  #requireRank(rank: 0 | 1, call: string, expected: string, fix: string): void {
    if (this.#rank === undefined || this.#rank === rank) return;
    throw new SavedModelError("INVALID_RANK", `${call}: ${this.#input} must be ${expected}`, { fix });
  }

  #encodeOne(example: Readonly<Record<string, unknown>>, call: string, place: string): Uint8Array {
    for (const name of Object.keys(example)) if (!this.#properties.has(name)) this.#refuseUnknown(name, call, place);
    const role = `${place}, feature`;
    const features: FeatureValues[] = [];
    for (const { key, dtype, shape, acceptsBare, property, optional } of this.#features) {
      const value = read(example, property);
      if (value === undefined && optional) continue;
      if (value === undefined) throw missingInputs(this.#missingIn(example, role), call);
      const spec: InputSpec = { key, dtype, shape, acceptsBare, role };
      const { elements } = Tensor.is(value) ? stageTensor(value, spec, call) : stage(value, spec, call);
      features.push({ key, values: asValues(elements) });
    }
    return encodeExample(features);
  }

  #missingIn(example: Readonly<Record<string, unknown>>, role: string): readonly InputSpec[] {
    const missing = this.#features.filter(
      ({ optional, property }) => !optional && read(example, property) === undefined,
    );
    return missing.map(({ key, dtype, shape }) => ({ key, dtype, shape, role }));
  }

  #refuseUnknown(name: string, call: string, place: string): never {
    const byKey = this.#features.find(({ key }) => key === name)?.property;
    throw new SavedModelError("UNKNOWN_INPUT", `${call}: ${place} has no feature ${quote(name)}`, {
      fix: byKey === undefined ? suggest(name, [...this.#properties], "Its features") : didYouMean(byKey),
    });
  }
}

function isExample(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]" && !Tensor.is(value);
}

/** An inherited property is not a feature. */
function read(example: Readonly<Record<string, unknown>>, property: string): unknown {
  return property in Object.prototype && !Object.hasOwn(example, property) ? undefined : example[property];
}

function asValues(elements: Elements): FeatureValues["values"] {
  if (elements instanceof Float32Array || elements instanceof BigInt64Array || !ArrayBuffer.isView(elements)) {
    return elements;
  }
  throw new TypeError("no feature has elements of this kind");
}

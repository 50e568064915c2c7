import { SavedModelError } from "../base/errors.js";
import { describeForeign, ONE_COPY } from "../base/package-copies.js";
import { listSome, quote, suggest } from "../base/text.js";
import type { Form, Results, Targets } from "../engine.js";
import type { TensorInfo } from "../saved-model/signature-info.js";
import { checkTensor } from "../tensor/check-tensor.js";
import { checkFlat, describe, type InputSpec, inferShape, inputError } from "../tensor/check-value.js";
import { byteLengthOf } from "../tensor/detached.js";
import { type AnyTypedArray, asPlainArray, dtypeInfo, isDType, type NumericDType } from "../tensor/dtype.js";
import { elementCount, equalShapes } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";

/** Role of the memory that a result is written into, for messages. */
const ROLE = "target of result";

/** Returns true if a method of a client can write one of its results into given memory. */
export function hasTargets(outputs: readonly TensorInfo[]): boolean {
  return outputs.some((output) => reasonAgainst(output, "plain") === undefined);
}

/**
 * Checks the option `into` of a call.
 *
 * @param properties the names of several results; undefined where the only result is given as itself
 * @returns one tensor per output: the given one, or one over a given array; undefined for outputs that were omitted
 * @throws SavedModelError `INVALID_DTYPE`, `INVALID_RANK`, `INVALID_SHAPE` or `INVALID_SIZE` for a target that cannot hold
 * its result; `INVALID_OPTION` for an unknown result, one that cannot be written into memory, and memory that two results
 * share
 */
export function targetsOf(
  into: unknown,
  outputs: readonly TensorInfo[],
  properties: readonly string[] | undefined,
  form: Form,
  call: string,
): Targets {
  if (properties === undefined) return outputs.map((output) => targetOf(into, output, form, call));
  if (typeof into !== "object" || into === null || Array.isArray(into) || ArrayBuffer.isView(into) || Tensor.is(into)) {
    const what = `into must be an object of targets by result, got ${describe(into)}`;
    const fix = `Its results are ${listSome(properties)}.`;
    throw new SavedModelError("INVALID_OPTION", `${call}: ${what}`, { fix });
  }
  const unknown = Object.keys(into).find((name) => !properties.includes(name));
  if (unknown !== undefined) {
    const fix = suggest(unknown, properties, "Its results");
    throw new SavedModelError("INVALID_OPTION", `${call}: into: unknown result ${quote(unknown)}`, { fix });
  }
  const targets = outputs.map((output, index) => {
    const name = properties[index] ?? output.key;
    const value: unknown = Object.hasOwn(into, name) ? Reflect.get(into, name) : undefined;
    return value === undefined ? undefined : targetOf(value, output, form, call);
  });
  requireApart(targets, outputs, call);
  return targets;
}

function targetOf(value: unknown, output: TensorInfo, form: Form, call: string): Tensor {
  const { key, dtype, shape } = output;
  const reason = reasonAgainst(output, form);
  if (reason !== undefined || !isDType(dtype)) {
    const what = `result ${quote(key)} is ${reason}, and cannot be written into memory`;
    throw new SavedModelError("INVALID_OPTION", `${call}: ${what}`, { fix: "Omit it from `into`." });
  }
  const spec: InputSpec = { key, dtype: dtypeInfo(dtype), shape, role: ROLE };
  if (Tensor.is(value)) {
    checkTensor(value, spec, call);
    return value;
  }
  if (!ArrayBuffer.isView(value)) {
    const fix = describeForeign(value) === undefined ? "Pass a tensor or a typed array." : ONE_COPY;
    throw inputError("INVALID_DTYPE", spec, call, describe(value), fix);
  }
  const open = `Pass a tensor, such as one of \`model.allocate(${JSON.stringify(dtype)}, shape)\`.`;
  const array = checkFlat(value, spec, call);
  if (shape === null) throw inputError("INVALID_SIZE", spec, call, "a flat array, which has no shape", open);
  return Tensor.own(dtype, inferShape(array, spec, call, open), asPlainArray(dtype as NumericDType, array));
}

/** Returns the kind of a result that cannot be written into given memory. */
function reasonAgainst({ dtype, shape, encoding }: TensorInfo, form: Form): string | undefined {
  if (encoding !== undefined) return `a ${encoding} tensor`;
  if (form === "plain" && shape?.length === 0) return "a plain value";
  return dtype === "string" ? "a tensor of strings" : undefined;
}

/** @throws SavedModelError `INVALID_OPTION` when one result would overwrite another */
function requireApart(targets: Targets, outputs: readonly TensorInfo[], call: string): void {
  const ranges = targets.flatMap((target, index) => {
    if (target === undefined) return [];
    const { buffer, byteOffset: start, byteLength } = Tensor.elementsOf(target) as AnyTypedArray;
    return [{ buffer: buffer as ArrayBufferLike, start, end: start + byteLength, key: outputs[index]?.key ?? "" }];
  });
  for (const [index, one] of ranges.entries()) {
    const other = ranges
      .slice(0, index)
      .find(({ buffer, start, end }) => buffer === one.buffer && start < one.end && one.start < end);
    if (other === undefined) continue;
    const what = `results ${quote(other.key)} and ${quote(one.key)} would be written into the same memory`;
    throw new SavedModelError("INVALID_OPTION", `${call}: ${what}`);
  }
}

/** Returns true if a target still has the memory for all of its elements. */
export function isIntact(target: Tensor): boolean {
  if (Tensor.isDetached(target)) return false;
  const bytes = elementCount(target.shape) * dtypeInfo(target.dtype).bytes;
  return byteLengthOf(Tensor.elementsOf(target) as AnyTypedArray) === bytes;
}

/**
 * Writes results into their targets, unless the engine has done so. All are checked before any is written.
 *
 * @returns the results, with targets in place of those that were written
 * @throws SavedModelError `INVALID_RESULT` for a result of another shape than its target, `INVALID_SIZE` for a target that
 * was detached meanwhile
 */
export function writeTargets<F extends Form>(
  results: Results<F>,
  into: Targets,
  { name, outputs }: { readonly name: string; readonly outputs: readonly TensorInfo[] },
): Results<F> {
  if (areWritten(results, into)) return results;
  const writes = into.flatMap((target, index) => {
    const result: unknown = results[index];
    if (target === undefined || result === target) return [];
    return [{ target, from: resultFor(target, result, outputs[index]?.key ?? "", name) }];
  });
  for (const { target, from } of writes) {
    // Both are of one dtype; the compiler sees a union of all.
    (Tensor.elementsOf(target) as Uint8Array).set(Tensor.elementsOf(from) as Uint8Array);
  }
  return results.map((result, index) => into[index] ?? result) as Results<Form> as Results<F>;
}

/** Returns true if the engine has written all results that have targets. */
function areWritten(results: readonly unknown[], into: Targets): boolean {
  for (let index = 0; index < into.length; index++) {
    if (into[index] !== undefined && into[index] !== results[index]) return false;
  }
  return true;
}

/** Returns the result that is to be written into a target. */
function resultFor(target: Tensor, result: unknown, key: string, call: string): Tensor {
  if (!Tensor.is(result) || result.dtype !== target.dtype || !equalShapes(result.shape, target.shape)) {
    const found = Tensor.is(result) ? `${result}` : describe(result);
    throw new SavedModelError(
      "INVALID_RESULT",
      `${call}: result ${quote(key)} is ${found}, but its target is ${target}`,
      {
        fix: "Nothing was written. Pass a target of the result's shape, or none.",
      },
    );
  }
  if (!isIntact(target)) {
    const what = `the target of result ${quote(key)}, ${target}, was detached or resized before the result was written`;
    throw new SavedModelError("INVALID_SIZE", `${call}: ${what}`, {
      fix: "Do not transfer or resize memory that a call writes into before the call has ended.",
    });
  }
  return result;
}

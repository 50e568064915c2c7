import { SavedModelError } from "../../../base/errors.js";
import { quote } from "../../../base/text.js";
import { isIntact } from "../../../call/result-targets.js";
import { byteLengthOf } from "../../../tensor/detached.js";
import {
  type AnyTypedArray,
  allocate,
  allocateUnfilled,
  type DTypeInfo,
  type NumericDType,
  slotsOf,
  viewAs,
} from "../../../tensor/dtype.js";
import { valueAt } from "../../../tensor/element-value.js";
import { elementCount, formatShape, type ShapeSpec } from "../../../tensor/shape.js";
import type { StringBlock } from "../../../tensor/string-block.js";
import { decodeText, type Elements, Tensor } from "../../../tensor/tensor.js";
import type { NativeApi } from "../native/c-api.js";
import type { Address, Pointer } from "../native/c-functions.js";
import { readStrings } from "./string-tensor.js";

/** Up to this size a result is copied through a scratch array, which is cheaper than handing a new one to native code. */
const SCRATCH_BYTES = 4096;
/** From this size on, large pages are worth asking for. */
const HUGE_BYTES = 8 * 2 ** 20;

const SCALAR: readonly number[] = Object.freeze([]);

/** An array that small results are copied through, with its address. */
interface Scratch {
  readonly elements: AnyTypedArray;
  readonly address: Address;
}

const scratches = new Map<NumericDType, Scratch>();

/** Expected dtype and shape of an output. */
export interface OutputSpec {
  readonly key: string;
  /** Checked against the graph when the call was prepared. */
  readonly dtype: DTypeInfo;
  readonly shape: ShapeSpec;
  /** True where a scalar string is read as bytes. */
  readonly bytes?: boolean;
  /** Shape of the last result, frozen. */
  lastShape?: readonly number[];
}

/**
 * Copies a native tensor into JavaScript. It stays the caller's to delete: its memory may be a variable's own.
 *
 * @returns a plain value where the signature says rank 0, else a tensor
 * @throws SavedModelError `INVALID_RESULT` when the signature says scalar and the result is not, `NOT_TEXT` when a
 * scalar string is not text, `TF_RESOURCE_EXHAUSTED`
 */
export function readResult(api: NativeApi, tensor: Pointer, spec: OutputSpec, call: string): unknown {
  if (spec.shape?.length !== 0) return readTensor(api, tensor, spec, call);
  if (api.TF_NumDims(tensor) !== 0) {
    const shape = formatShape(readShape(api, tensor, spec));
    throw new SavedModelError("INVALID_RESULT", `${call}: output ${quote(spec.key)} must be a scalar, got ${shape}`);
  }
  const { name } = spec.dtype;
  if (name === "string") return readText(api, tensor, spec, call);
  const { address, elements } = scratchOf(api, name);
  api.memcpy(address, dataOf(api, tensor), spec.dtype.bytes);
  return valueAt(name, elements, 0);
}

/**
 * Copies a native tensor into a {@link Tensor}, whatever its rank.
 *
 * @throws SavedModelError `TF_RESOURCE_EXHAUSTED` when out of memory for the copy, or no typed array can be that large
 */
export function readTensor(api: NativeApi, tensor: Pointer, spec: OutputSpec, call: string): Tensor {
  const { name } = spec.dtype;
  const shape = readShape(api, tensor, spec);
  try {
    return Tensor.own(name, shape, readElements(api, tensor, spec.dtype, elementCount(shape)));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const what = `${name} ${formatShape(shape)} of output ${quote(spec.key)}`;
    throw new SavedModelError("TF_RESOURCE_EXHAUSTED", `${call}: out of memory copying ${what}`, { cause });
  }
}

/** Returns whether a native tensor can be copied into its target, if it has one. */
export function fits(api: NativeApi, tensor: Pointer, target: Tensor | undefined): boolean {
  if (target === undefined) return true;
  const { shape } = target;
  if (api.TF_NumDims(tensor) !== shape.length || !isIntact(target)) return false;
  for (let axis = 0; axis < shape.length; axis++) if (api.TF_Dim(tensor, axis) !== shape[axis]) return false;
  return true;
}

/** Copies a native tensor into a tensor that {@link fits}, and returns the latter. */
export function readInto(api: NativeApi, tensor: Pointer, target: Tensor): Tensor {
  const elements = Tensor.elementsOf(target) as AnyTypedArray;
  const bytes = byteLengthOf(elements);
  if (bytes > 0) api.memcpy(elements, dataOf(api, tensor), bytes);
  return target;
}

function readText(
  api: NativeApi,
  tensor: Pointer,
  { key, bytes: isBytes }: OutputSpec,
  call: string,
): string | Uint8Array {
  const { bytes } = readStrings(api, tensor, 1);
  if (isBytes === true) return bytes;
  try {
    return decodeText(bytes);
  } catch (cause) {
    throw new SavedModelError("NOT_TEXT", `${call}: output ${quote(key)} is not valid UTF-8`, {
      fix: "Call `run()`, which returns a tensor with its bytes.",
      cause,
    });
  }
}

/** The shape of a tensor, frozen: the array of the last one where the shape is the same, as freezing takes long. */
function readShape(api: NativeApi, tensor: Pointer, spec: OutputSpec): readonly number[] {
  const rank = api.TF_NumDims(tensor);
  const { lastShape = SCALAR } = spec;
  let axis = 0;
  if (lastShape.length === rank) {
    while (axis < rank && api.TF_Dim(tensor, axis) === lastShape[axis]) axis++;
    if (axis === rank) return lastShape;
  }
  const shape = lastShape.slice(0, axis);
  for (; axis < rank; axis++) shape.push(Number(api.TF_Dim(tensor, axis)));
  spec.lastShape = Object.freeze(shape);
  return shape;
}

function readElements(api: NativeApi, tensor: Pointer, dtype: DTypeInfo, count: number): Elements | StringBlock {
  if (dtype.name === "string") return readStrings(api, tensor, count);
  if (count === 0) return allocate(dtype.name, 0);
  const data = dataOf(api, tensor);
  const bytes = count * dtype.bytes;
  if (bytes > SCRATCH_BYTES) {
    const elements = allocateUnfilled(dtype.name, count);
    if (bytes >= HUGE_BYTES) api.adviseHugePages(elements);
    api.memcpy(elements, data, bytes);
    return elements;
  }
  const scratch = scratchOf(api, dtype.name);
  api.memcpy(scratch.address, data, bytes);
  return scratch.elements.slice(0, count * slotsOf(dtype.name));
}

function dataOf(api: NativeApi, tensor: Pointer): Address {
  const data = api.dataAddress(tensor);
  if (data === 0)
    throw new SavedModelError("TF_RESOURCE_EXHAUSTED", "out of memory: TensorFlow returned no tensor data");
  return data;
}

function scratchOf(api: NativeApi, name: NumericDType): Scratch {
  let scratch = scratches.get(name);
  if (scratch === undefined) {
    const elements = viewAs(name, new ArrayBuffer(SCRATCH_BYTES));
    scratch = { elements, address: api.addressOf(elements) };
    scratches.set(name, scratch);
  }
  return scratch;
}

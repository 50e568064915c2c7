// float16 (IEEE 754 binary16) and bfloat16 as bit patterns. JavaScript has a Float16Array only since Node 24.

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bfloat16 nearest to a number, ties to even, as its bit pattern. */
export function numberToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float[0] = value;
  const pattern = bits[0] ?? 0;
  return (pattern + 0x7fff + ((pattern >>> 16) & 1)) >>> 16;
}

export function bfloatToNumber(pattern: number): number {
  bits[0] = pattern << 16;
  return float[0] ?? 0;
}

/** The float16 nearest to a number, ties to even, as its bit pattern. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // Below 2^-14 the step between neighbours stays 2^-24: those are the subnormals.
  const exponent = magnitude < 2 ** -14 ? -14 : exponentOf(magnitude);
  const steps = roundTiesToEven(magnitude / 2 ** (exponent - 10));
  // A normal number has 1024 to 2047 steps; its leading one carries into the exponent field.
  return sign | (((exponent + 14) << 10) + steps);
}

export function halfToNumber(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >>> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function exponentOf(magnitude: number): number {
  float[0] = magnitude;
  const exponent = ((bits[0] ?? 0) >>> 23) - 127;
  // Rounding to float32 may have carried a number just below a power of two up to it.
  return 2 ** exponent > magnitude ? exponent - 1 : exponent;
}

function roundTiesToEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

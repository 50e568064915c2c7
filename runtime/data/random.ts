import { SavedModelError } from "../base/errors.js";

/** The number that is added to the state of the generator for each number. */
const INCREMENT = 0x6d2b_79f5;

/**
 * A generator of pseudo-random numbers, uniform in [0, 1): Mulberry32 (Tommy Ettinger, public domain). It computes with
 * 32-bit integers alone, so one seed gives the same numbers on every machine, and it will not change between versions.
 * It is good for shuffling, and not for secrets.
 *
 * @param seed an integer from 0 to 2³² - 1
 * @throws SavedModelError `INVALID_ARGUMENT` for another seed
 */
export function seededRandom(seed: number): () => number {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new SavedModelError("INVALID_ARGUMENT", "a seed must be an integer from 0 to 4294967295");
  }
  let state = seed;
  return () => {
    state = (state + INCREMENT) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Returns the seed of a generator that continues after `count` numbers of another. */
export function seedAfter(seed: number, count: number): number {
  return (seed + Math.imul(count, INCREMENT)) >>> 0;
}

/**
 * Returns the numbers from 0 to `count - 1` in a random order, by the shuffle of Fisher and Yates, from the last place
 * down.
 *
 * @param random returns numbers in [0, 1), called once for each place but the first
 */
export function shuffledIndices(count: number, random: () => number): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    const swapped = indices[last] ?? 0;
    indices[last] = indices[chosen] ?? 0;
    indices[chosen] = swapped;
  }
  return indices;
}

/** Returns a function that computes its result at the first call, and returns the same one at later calls. */
export function once<T>(compute: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: compute() };
    return made.value;
  };
}

/** Returns a function that computes its result once for each object, for as long as that is in use. */
export function oncePer<K extends object, T>(compute: (key: K) => T): (key: K) => T {
  const made = new WeakMap<K, { readonly value: T }>();
  return (key) => {
    const known = made.get(key) ?? { value: compute(key) };
    made.set(key, known);
    return known.value;
  };
}

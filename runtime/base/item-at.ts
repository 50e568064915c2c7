/**
 * Returns an item that must exist. A default in its place would reach native code as a null pointer or another dtype.
 *
 * @throws Error when it is missing: a broken invariant of this package
 */
export function itemAt<T>(items: ArrayLike<T>, index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index} in an array of ${items.length}`);
  return item;
}

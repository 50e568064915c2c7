/**
 * Packages that must not be bundled: koffi is native code, and a process must have one copy of savedmodel, which finds
 * its own dependencies.
 */
export const PACKAGES: readonly string[] = ["savedmodel", "koffi"];

/** Matches the imports of these packages. */
export const EXTERNAL: RegExp = /^(savedmodel|koffi)(\/|$)/;

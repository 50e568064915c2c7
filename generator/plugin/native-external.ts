/**
 * The packages that no bundle may hold: koffi is native code, and of savedmodel there must be one copy in a process, which
 * finds its own dependencies.
 */
export const PACKAGES: readonly string[] = ["savedmodel", "koffi"];

/** What is imported of them. */
export const EXTERNAL: RegExp = /^(savedmodel|koffi)(\/|$)/;

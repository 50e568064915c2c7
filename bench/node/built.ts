/**
 * Ensures that the built package is measured: TypeScript loaders resolve its name to the sources.
 *
 * @throws Error otherwise
 */
export function requireBuilt(): void {
  const measured = import.meta.resolve("savedmodel");
  if (!measured.endsWith("/dist/runtime/index.js")) throw new Error(`would measure ${measured}, not the built package`);
}

// Takes the place of what finds files, which browsers do not have: no engine of theirs asks for a path.

/** Returns a path as it is. */
export function toPath(path: string | URL): string {
  return String(path);
}

/** Returns the file of a caller, which is unknown. */
export function fileCalling(): undefined {
  return undefined;
}

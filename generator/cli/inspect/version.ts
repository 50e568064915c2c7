/** Returns whether one version of TensorFlow precedes another; patches are ignored, since they add no operations. */
export function isOlder(version: string, other: string): boolean {
  const [major, minor] = parse(version);
  const [otherMajor, otherMinor] = parse(other);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** Parses the beginning of `2.21.0-rc1`; NaN, which is neither older nor newer, for any other string. */
function parse(version: string): readonly [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

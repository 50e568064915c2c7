/** Whether one version of TensorFlow comes before another; patches do not count, they add no operations. */
export function isOlder(version: string, other: string): boolean {
  const [major, minor] = parse(version);
  const [otherMajor, otherMinor] = parse(other);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** The beginning of `2.21.0-rc1`; not a number, which is neither older nor newer, where there is none. */
function parse(version: string): readonly [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

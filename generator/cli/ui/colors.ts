import type { WriteStream } from "node:tty";
import picocolors from "picocolors";

type Colours = ReturnType<typeof picocolors.createColors>;

/** Colours for what is printed to standard output, and to standard error. */
export const stdout: Colours = picocolors.createColors(wantsColour(process.stdout));
export const stderr: Colours = picocolors.createColors(wantsColour(process.stderr));

/**
 * A terminal gets colours; a pipe or a file does not, in CI neither. NO_COLOR and FORCE_COLOR decide where they are set
 * (https://no-color.org, https://force-color.org).
 */
function wantsColour(stream: WriteStream): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  // Undefined, whatever its type says, where there is no terminal.
  return stream.isTTY === true && TERM !== "dumb";
}

import type { WriteStream } from "node:tty";
import picocolors from "picocolors";

type Colours = ReturnType<typeof picocolors.createColors>;

/** Colours for standard output, and for standard error. */
export const stdout: Colours = picocolors.createColors(wantsColour(process.stdout));
export const stderr: Colours = picocolors.createColors(wantsColour(process.stderr));

/**
 * Returns whether a stream gets colours: a terminal does, a pipe, a file or CI does not. NO_COLOR and FORCE_COLOR take
 * precedence (https://no-color.org, https://force-color.org).
 */
function wantsColour(stream: WriteStream): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  // Undefined without a terminal, whatever its type says.
  return stream.isTTY === true && TERM !== "dumb";
}

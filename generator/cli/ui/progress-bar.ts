import type { OnProgress, Progress } from "../../library/install-progress.js";

/** Shows the progress of an installation on standard error. */
export interface ProgressDisplay {
  readonly show: OnProgress;
  readonly end: () => void;
}

const TITLES = { download: "Downloading", unpack: "Unpacking", check: "Trying it" } as const;

/** Returns a display with one bar per phase, for a terminal. */
export async function progressBar(): Promise<ProgressDisplay> {
  const { default: progress } = await import("cli-progress");
  const format = "{title} [{bar}] {percentage} % | {megabytes} MB";
  const bar = new progress.SingleBar({
    format,
    stopOnComplete: false,
    // Only the sentence about the result remains.
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
  });
  let phase: Progress["phase"] | undefined;
  const end = (): void => {
    if (phase !== undefined) bar.stop();
    phase = undefined;
  };
  const show = (now: Progress): void => {
    if (now.phase === "check") {
      end();
      return;
    }
    const payload = { title: TITLES[now.phase].padEnd(11), megabytes: Math.round(now.done / 1e6) };
    // pip announces a rounded size; the bar must not overflow.
    const total = Math.max(now.total ?? 0, now.done, 1);
    if (now.phase !== phase) {
      end();
      phase = now.phase;
      bar.start(total, now.done, payload);
    } else {
      bar.setTotal(total);
      bar.update(now.done, payload);
    }
  };
  return { show, end };
}

/** Returns a display with a line for every phase and every tenth of it, for logs. */
export function progressLines(): ProgressDisplay {
  let last = "";
  const show = (now: Progress): void => {
    const line =
      now.total === undefined
        ? `${TITLES[now.phase]}…`
        : `${TITLES[now.phase]}: ${Math.min(10, Math.floor((now.done / now.total) * 10)) * 10} % of ${Math.round(now.total / 1e6)} MB`;
    if (line !== last) console.error(line);
    last = line;
  };
  return { show, end: () => {} };
}

import { mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { installRoot } from "../../runtime/engines/local/library/library-cache.js";

const PREFIX = ".installing-";
const BEAT_MS = 5_000;
/** An installation touches its folder every 5 s, so one that was silent for this long has died. */
const DEAD_AFTER_MS = 60_000;

/** A folder beside the installed libraries (so that a rename moves its contents there) that is not visible as one. */
export interface WorkFolder {
  readonly path: string;
  /** Removes it with everything in it. */
  remove(): Promise<void>;
}

/** Creates a folder for one installation, and removes those that killed installations left. */
export async function createWorkFolder(root: string = installRoot()): Promise<WorkFolder> {
  await mkdir(root, { recursive: true });
  await removeDead(root);
  const path = await mkdtemp(join(root, PREFIX));
  // A timestamp rather than a process number: containers share a cache, but not their process numbers.
  const timer = setInterval(() => void touch(path), BEAT_MS);
  timer.unref();
  return {
    path,
    remove: async () => {
      clearInterval(timer);
      await remove(path);
    },
  };
}

/** Removes a folder and its content; what cannot be removed now is left to the next installation. */
export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

async function removeDead(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(root, name);
    const beat = await stat(path).then(
      (found) => found.mtimeMs,
      () => Number.NaN,
    );
    if (Date.now() - beat > DEAD_AFTER_MS) await remove(path);
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

/**
 * Copies a folder except some of its entries. Links are followed, what was read-only becomes writable, and files keep
 * their times: that is how `saved_model.pb` is known to be the same.
 */
export function copyTree(source: string, target: string, except: readonly string[] = []): void {
  mkdirSync(target);
  for (const name of readdirSync(source)) {
    if (except.includes(name)) continue;
    const [from, to] = [join(source, name), join(target, name)];
    const stat = statSync(from);
    if (stat.isDirectory()) {
      copyTree(from, to);
    } else {
      copyFileSync(from, to);
      chmodSync(to, stat.mode | 0o200);
      utimesSync(to, stat.atime, stat.mtime);
    }
  }
}

import { readSync, writeSync } from "node:fs";
import type { LibraryHandle } from "koffi";

const LEVEL = "TF_CPP_MIN_LOG_LEVEL";

/**
 * Runs `load`, which loads TensorFlow, without the messages that TensorFlow prints to stderr.
 *
 * TensorFlow reads `TF_CPP_MIN_LOG_LEVEL` once, while it is being loaded. Level 2 silences the dozen lines of information
 * of every model load, and keeps errors (level 3 would hide those too). It has to be in the C environment, which a worker's
 * `process.env` is not, and is taken out again afterwards so that child processes (a Python, say) log as they always do.
 *
 * The level comes too late for what is logged while the framework library initialises itself: absl's "before
 * InitializeLog()" warning and the oneDNN line, at any level. Setting `TF_ENABLE_ONEDNN_OPTS` would drop the second line but
 * changes results. So file descriptor 2 is turned to a temporary file for these milliseconds, and everything in it that
 * is not a log line below the level is written to the real stderr afterwards. What is lost is the last words of a process
 * that TensorFlow aborts while loading, therefore `doctor` and `install` try a library in a child process and verbosely.
 *
 * `SAVEDMODEL_LOG=1` shows everything, and a `TF_CPP_MIN_LOG_LEVEL` that the user has set is respected.
 */
export function quietly<T>(c: LibraryHandle, load: () => T): T {
  // Windows keeps one environment per C runtime and no dup2 in the executable: unverified, so only what Node.js can do.
  if (process.platform === "win32") return load();
  const level = process.env[LEVEL] ?? (isVerbose() ? "0" : "2");
  const getenv = c.func("const char *getenv(const char *name)");
  const setenv = c.func("int setenv(const char *name, const char *value, int overwrite)");
  const before: unknown = getenv(LEVEL);
  setenv(LEVEL, level, 1);
  try {
    return Number(level) > 0 ? withoutLogLines(c, Number(level), load) : load();
  } finally {
    if (typeof before === "string") setenv(LEVEL, before, 1);
    else c.func("int unsetenv(const char *name)")(LEVEL);
  }
}

/** Whether TensorFlow's own log is wanted. */
function isVerbose(): boolean {
  const value = process.env.SAVEDMODEL_LOG;
  return value !== undefined && value !== "" && value !== "0";
}

function withoutLogLines<T>(c: LibraryHandle, level: number, load: () => T): T {
  const dup = c.func("int dup(int fd)");
  const dup2 = c.func("int dup2(int from, int to)");
  const close = c.func("int close(int fd)");
  const file: unknown = c.func("void *tmpfile()")();
  const stderr: number = dup(2);
  // No writable temporary folder, or a closed stderr: the lines are then shown, which is better than not loading.
  if (file === null || stderr < 0) return load();
  const fd: number = c.func("int fileno(void *file)")(file);
  dup2(fd, 2);
  try {
    return load();
  } finally {
    dup2(stderr, 2);
    close(stderr);
    const kept = dropLogLines(readAll(fd), level);
    c.func("int fclose(void *file)")(file);
    if (kept !== "") writeSync(2, kept);
  }
}

function readAll(fd: number): string {
  const chunks: Buffer[] = [];
  for (let position = 0; ; ) {
    const chunk = Buffer.alloc(65_536);
    const bytes = readSync(fd, chunk, 0, chunk.length, position);
    if (bytes === 0) return Buffer.concat(chunks).toString("utf8");
    chunks.push(chunk.subarray(0, bytes));
    position += bytes;
  }
}

/**
 * `text` without absl's log lines below `level` (`I0000 00:00:… file.cc:1] …` is information, `W` a warning, `E` an error,
 * `F` fatal) and without its warning about them. Lines of any other form are kept.
 *
 * @internal
 */
export function dropLogLines(text: string, level: number): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => {
      if (line.startsWith("WARNING: All log messages before absl::InitializeLog()")) return false;
      const severity = /^([IWEF])\d{4} \d\d:\d\d:[\d.]+ .*?\]/.exec(line)?.[1];
      return severity === undefined || "IWEF".indexOf(severity) >= level;
    })
    .join("");
}

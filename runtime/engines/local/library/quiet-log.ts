import { type LibraryHandle, loadKoffi } from "./koffi.js";

const LEVEL = "TF_CPP_MIN_LOG_LEVEL";

/**
 * Runs `load`, which loads TensorFlow, without the messages that TensorFlow prints to stderr.
 *
 * TensorFlow reads `TF_CPP_MIN_LOG_LEVEL` once, while it is being loaded. Level 2 silences the dozen lines of information
 * of every model load, and keeps errors (level 3 would hide those too). It has to be in the C environment, which a worker's
 * `process.env` is not, and is taken out again afterwards so that child processes (a Python, say) log as they always do.
 *
 * The level comes too late for what is logged while the framework library initializes itself: absl's "before
 * InitializeLog()" warning and the oneDNN line, at any level. Setting `TF_ENABLE_ONEDNN_OPTS` would drop the second line but
 * changes results. So the C library's `stderr` is buffered for these milliseconds, and everything in the buffer that is not
 * a log line below the level is printed afterwards. The file descriptor is left alone: what others write, or the C library
 * itself, is never held back. When TensorFlow aborts the process while it loads, the buffer is printed before it ends.
 *
 * `stderr` and the environment are the process's, and threads may load at the same time: one of them at a time does this,
 * while the others wait.
 *
 * `SAVEDMODEL_LOG=1` shows everything, and a `TF_CPP_MIN_LOG_LEVEL` that the user has set is respected.
 */
export function quietly<T>(c: LibraryHandle, load: () => T): T {
  const lock = lockOf(c);
  // Showing a few lines of a log is better than waiting for the reader of stdin.
  if (lock?.take() === false) return load();
  try {
    return withLevel(c, wantedLevel(), load);
  } finally {
    lock?.giveBack();
  }
}

/**
 * The same on Windows, where only the level is set: in the environment of the C library, which does not see what a program
 * assigns to `process.env`. What is logged before the level is read (two lines) is shown.
 */
export function quietlyOnWindows<T>(load: () => T): T {
  const c = loadKoffi().load("ucrtbase.dll");
  const getenv = c.func("const char *getenv(const char *name)");
  const putenv = c.func("int _putenv_s(const char *name, const char *value)");
  const before: unknown = getenv(LEVEL);
  putenv(LEVEL, wantedLevel());
  try {
    return load();
  } finally {
    // An empty value removes it.
    putenv(LEVEL, typeof before === "string" ? before : "");
  }
}

/** Returns the level that the user has set, or else the one without information and warnings. */
function wantedLevel(): string {
  return process.env[LEVEL] ?? (isVerbose() ? "0" : "2");
}

/** Returns true if TensorFlow's own log is wanted. */
function isVerbose(): boolean {
  const value = process.env.SAVEDMODEL_LOG;
  return value !== undefined && value !== "" && value !== "0";
}

function withLevel<T>(c: LibraryHandle, level: string, load: () => T): T {
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

/** Loading takes a quarter of a second. */
const MAX_WAIT_MS = 5000;

/**
 * A lock that all threads of the process share: that of the C library's `stdin`, which Node.js does not use. Undefined
 * where it has no such variable.
 */
function lockOf(c: LibraryHandle): { take(): boolean; giveBack(): void } | undefined {
  const stdin = streamOf(c, "stdin");
  if (stdin === undefined) return undefined;
  return {
    take: () => {
      const tryLock = c.func("int ftrylockfile(void *stream)");
      const sleeper = new Int32Array(new SharedArrayBuffer(4));
      const deadline = performance.now() + MAX_WAIT_MS;
      while (tryLock(stdin) !== 0) {
        if (performance.now() > deadline) return false;
        Atomics.wait(sleeper, 0, 0, 5);
      }
      return true;
    },
    giveBack: () => c.func("void funlockfile(void *stream)")(stdin),
  };
}

function streamOf(c: LibraryHandle, name: "stdin" | "stderr"): bigint | undefined {
  try {
    return loadKoffi().decode(c.symbol(name), "void *") as bigint;
  } catch {
    return undefined;
  }
}

const BUFFER_BYTES = 2 ** 16;
/** As `setvbuf` of glibc has them. */
const FULLY_BUFFERED = 0;
const UNBUFFERED = 2;
const SEEK_CUR = 1;

/** glibc reads and discards a buffer (`stdio_ext.h`); with another C library, the lines are shown. */
function withoutLogLines<T>(c: LibraryHandle, level: number, load: () => T): T {
  const stderr = streamOf(c, "stderr");
  if (process.platform !== "linux" || stderr === undefined) return load();
  const setvbuf = c.func("int setvbuf(void *stream, void *buffer, int mode, size_t size)");
  const buffer = new Uint8Array(new ArrayBuffer(BUFFER_BYTES));
  if (setvbuf(stderr, buffer, FULLY_BUFFERED, buffer.length) !== 0) return load();
  // The next write would bypass the new buffer if anything was written before. Seeking by nothing resets that.
  c.func("int fseek(void *stream, long offset, int whence)")(stderr, 0, SEEK_CUR);
  const restoreHandlers = flushWhenAborted(c);
  try {
    return load();
  } finally {
    const count = Number(c.func("size_t __fpending(void *stream)")(stderr));
    const kept = Buffer.from(dropLogLines(Buffer.from(buffer.subarray(0, count)).toString("utf8"), level));
    c.func("void __fpurge(void *stream)")(stderr);
    setvbuf(stderr, null, UNBUFFERED, 0);
    restoreHandlers();
    if (kept.length > 0) {
      c.func("size_t fwrite(const void *data, size_t size, size_t count, void *stream)")(kept, 1, kept.length, stderr);
    }
  }
}

/**
 * Makes the signals of an abort and of an unknown instruction print what is buffered before their default action.
 *
 * @returns a function that restores the previous handlers
 */
function flushWhenAborted(c: LibraryHandle): () => void {
  const SIGILL = 4;
  const SIGABRT = 6;
  const sigaction = c.func("int sigaction(int signal, const void *action, void *before)");
  // It handles the first signal only. `fcloseall` flushes all streams without waiting for their locks; that it is given
  // the number of a signal does not disturb it.
  const handleOnce = c.func("void *__sysv_signal(int signal, void *handler)");
  const flush = c.symbol("fcloseall");
  const before = [SIGILL, SIGABRT].map((signal) => {
    // `struct sigaction` is smaller. Its contents are not read.
    const action = new Uint8Array(new ArrayBuffer(512));
    sigaction(signal, null, action);
    handleOnce(signal, flush);
    return { signal, action };
  });
  return () => {
    for (const { signal, action } of before) sigaction(signal, action, null);
  };
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

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareNatural, printable } from "../../runtime/base/text.js";
import type { Platform } from "../../runtime/engines/local/library/platform.js";
import { diskFull } from "./install-error.js";
import type { OnProgress } from "./install-progress.js";
import { lastLines, runCommand } from "./run-command.js";

/** A pip that runs: its command and the arguments before pip's own. */
export interface Pip {
  readonly command: string;
  readonly parameters: readonly string[];
}

const CANDIDATES: readonly Pip[] = [
  { command: "python3", parameters: ["-m", "pip"] },
  { command: "python", parameters: ["-m", "pip"] },
  ...(process.platform === "win32" ? [{ command: "py", parameters: ["-3", "-m", "pip"] }] : []),
  { command: "pip3", parameters: [] },
  { command: "pip", parameters: [] },
];

/**
 * Python versions to request. The wheels of one TensorFlow version contain the same library for every Python, so any
 * will do; the Pythons that a version supports change over time.
 */
const PYTHON_VERSIONS = ["3.11", "3.13", "3.9"];

/**
 * Returns the first pip that runs.
 *
 * @param folder Its working directory: `python -m` searches for modules there first, so never the user's.
 */
export async function findPip(folder: string, signal: AbortSignal | undefined): Promise<Pip> {
  for (const pip of CANDIDATES) {
    const answer = await runCommand(pip.command, [...pip.parameters, "--version"], { cwd: folder, signal });
    if (answer.code === 0) return pip;
    signal?.throwIfAborted();
  }
  throw new SavedModelError("INSTALL_FAILED", "pip, which downloads TensorFlow, was not found", {
    fix:
      "Install Python with pip; or pass a tensorflow wheel, a jar of tensorflow-core-native, the official C library's " +
      "tar.gz or a folder that holds the library to `savedmodel install --from`; or set SAVEDMODEL_TENSORFLOW to a library that is there; or activate a " +
      "Python environment that has tensorflow.",
  });
}

/** One download. */
export interface WheelRequest {
  /** The package as pip knows it, and its versions as pip reads them: `==2.21.0`. */
  readonly package: string;
  readonly versions: string;
  readonly platform: Platform;
  /** An empty folder, for the wheel and pip's temporary files. */
  readonly folder: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
  /** False to keep the wheel out of pip's own cache. */
  readonly cache?: boolean;
}

/**
 * Downloads a wheel with the user's pip, which knows their proxies, mirrors and credentials and checks the
 * hash.
 *
 * @returns The path of the wheel.
 */
export async function downloadWheel(pip: Pip, request: WheelRequest): Promise<string> {
  let output = "";
  const versions = new Set<string>();
  for (const python of PYTHON_VERSIONS) {
    const answer = await runPip(pip, python, request);
    const wheel = (await readdir(request.folder)).find((name) => name.endsWith(".whl"));
    if (answer.code === 0 && wheel !== undefined) return join(request.folder, wheel);
    request.signal?.throwIfAborted();
    // pip writes only to the work folder.
    if (answer.stderr.includes("No space left on device")) throw diskFull();
    output = lastLines(answer.stderr === "" ? answer.stdout : answer.stderr, 4);
    // Another Python helps only if the version is unknown to this one, not if nothing can be reached.
    const found = versionsIn(answer.stderr);
    if (found.length === 0) break;
    for (const version of found) versions.add(version);
  }
  const what = `${request.package} ${request.versions.replace(/^[=~]+/, "")}`;
  if (versions.size > 0) throw versionNotFound(what, [...versions]);
  const reach = output.includes("from versions: none") ? "Check that pip reaches its package index; or " : "";
  throw new SavedModelError("INSTALL_FAILED", `pip could not download ${what}, saying "${output}"`, {
    fix: `${reach}${reach === "" ? "Install" : "install"} without pip: \`savedmodel install --from <wheel, tar.gz, folder or URL>\`.`,
  });
}

/** Returns the versions that pip offers; empty if it chose one, or reached nothing. */
function versionsIn(stderr: string): readonly string[] {
  const listed = /from versions: (\d[^)]*)\)/.exec(stderr)?.[1];
  return listed?.split(", ") ?? [];
}

/** Returns the error for an unknown version. Pip lists a hundred versions; only the newest is named. */
function versionNotFound(what: string, versions: readonly string[]): SavedModelError {
  const final = versions.filter((version) => /^[\d.]+$/.test(version));
  const newest = [...(final.length > 0 ? final : versions)].sort(compareNatural).at(-1) ?? "";
  return new SavedModelError(
    "INSTALL_FAILED",
    `pip finds no ${what} for this machine; the newest of the ${versions.length} versions that it finds is ${printable(newest)}`,
    {
      fix: "Choose another version; or install without pip: `savedmodel install --from <wheel, tar.gz, folder or URL>`.",
    },
  );
}

async function runPip(pip: Pip, python: string, request: WheelRequest): ReturnType<typeof runCommand> {
  const { cache = true, platform, folder, onProgress, signal } = request;
  // pip shows its progress on terminals only (and as lines of numbers since 24.1), but its temporary file grows.
  let total: number | undefined;
  const report = async (): Promise<void> => onProgress({ phase: "download", done: await wheelBytes(folder), total });
  const timer = setInterval(() => void report(), 250);
  try {
    const parameters = ["download", "--no-deps", "--only-binary=:all:", "--implementation", "cp"];
    parameters.push("--python-version", python, "--progress-bar", "off", "--no-input", "--disable-pip-version-check");
    if (!cache) parameters.push("--no-cache-dir");
    for (const tag of platform.pipPlatforms) parameters.push("--platform", tag);
    parameters.push("--dest", folder, `${request.package}${request.versions}`);
    const answer = await runCommand(pip.command, [...pip.parameters, ...parameters], {
      cwd: folder,
      env: { TMPDIR: folder, TEMP: folder, TMP: folder, PYTHONUNBUFFERED: "1", PIP_REQUIRE_VIRTUALENV: "0" },
      signal,
      onOutput: (stdout) => {
        total ??= announcedSize(stdout);
      },
    });
    if (answer.code === 0) await report();
    return answer;
  } finally {
    clearInterval(timer);
  }
}

/** Returns the rounded size in pip's line `Downloading tensorflow_cpu-….whl (273.8 MB)`. */
function announcedSize(stdout: string): number | undefined {
  const size = /\.whl \(([\d.]+) ([kMG])B\)/.exec(stdout);
  if (size === null) return undefined;
  return Number(size[1]) * { k: 1e3, M: 1e6, G: 1e9 }[size[2] === "G" ? "G" : size[2] === "M" ? "M" : "k"];
}

async function wheelBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const wheels = names.filter((name) => name.endsWith(".whl"));
  const sizes = await Promise.all(
    wheels.map((name) =>
      stat(join(folder, name)).then(
        (file) => file.size,
        () => 0,
      ),
    ),
  );
  // While pip moves the file to its place there may be two copies.
  return Math.max(0, ...sizes);
}

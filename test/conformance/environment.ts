import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { interpreterOf } from "../support/servers/installed-servers.js";

/** Command that starts a Python with the required packages. */
export interface Python {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

const command = process.platform === "win32" ? "python" : "python3";

/** Contents of pip's requirements files. */
export interface Requirements {
  readonly list: string;
  /** Packages that are installed without those that they depend on. */
  readonly alone: string;
}

/** Packages of which pip found none for this Python and this platform. */
export class NotAvailable extends Error {}

/**
 * A Python with these requirements, which are installed to a folder of their own: pip alone is needed for that, not venv.
 * It is done once, and again when the requirements change.
 */
export function pythonWith(requirements: Requirements, folder: string): Python {
  const env = { ...process.env, PYTHONPATH: folder, TF_CPP_MIN_LOG_LEVEL: "2" };
  once(folder, stampOf(requirements), () => {
    console.log("installing TensorFlow for Python (it is large: this takes a minute or more, once)");
    mkdirSync(folder, { recursive: true });
    installAll(requirements, folder);
  });
  return { command, env };
}

/**
 * An interpreter in a separate environment with these requirements, and behind them the packages of another folder. It is
 * for programs that start further ones, which find their packages by the interpreter.
 *
 * @throws NotAvailable
 */
export function interpreterWith(name: string, requirements: Requirements, folder: string, shared: string): string {
  const interpreter = interpreterOf(folder);
  const stamp = `${shared}\n${stampOf(requirements)}`;
  // It is a link to another Python, which may be gone.
  if (!existsSync(interpreter)) rmSync(folder, { recursive: true, force: true });
  once(folder, stamp, () => {
    console.log(`installing ${name} for Python`);
    python(command, ["-m", "venv", "--without-pip", folder]);
    const packages = python(interpreter, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).trim();
    installAll(requirements, packages, "--only-binary", ":all:");
    writeFileSync(join(packages, "shared.pth"), `${shared}\n`);
  });
  return interpreter;
}

const stampOf = ({ list, alone }: Requirements): string => `${list}${alone}`;

/** Fills a folder, unless that is done. */
function once(folder: string, contents: string, fill: () => void): void {
  const stamp = join(folder, "requirements.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === contents) return;
  rmSync(folder, { recursive: true, force: true });
  fill();
  // Written last: what is half installed is installed again.
  writeFileSync(stamp, contents);
}

function installAll({ list, alone }: Requirements, folder: string, ...options: readonly string[]): void {
  if (list !== "") install(list, folder, ...options);
  if (alone !== "") install(alone, folder, "--no-deps", ...options);
}

function install(requirements: string, folder: string, ...options: readonly string[]): void {
  const list = join(folder, "wanted.txt");
  writeFileSync(list, requirements);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, ...options];
  python(command, [...pip, "-r", list]);
}

/** Runs a command of Python, and returns what it prints. */
function python(file: string, parameters: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(file, parameters, { encoding: "utf8" });
  if (status === 0) return stdout;
  const missing = /^ERROR: (No matching distribution found for .*)$/m.exec(stderr)?.[1];
  // It says so as well after it has tried in vain to reach the index.
  if (missing !== undefined && !stderr.includes("Retrying (")) throw new NotAvailable(missing);
  throw new Error(`${file} ${parameters.join(" ")} failed\n${stdout}${stderr}`, { cause: error });
}

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Command that starts a Python with the required packages. */
export interface Python {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

const command = process.platform === "win32" ? "python" : "python3";

/** Contents of pip's requirements files. */
interface Requirements {
  readonly list: string;
  /** Packages that are installed without those that they depend on. */
  readonly alone: string;
}

/**
 * A Python with these requirements, which are installed to a folder of their own: pip alone is needed for that, not venv.
 * It is done once, and again when the requirements change.
 */
export function pythonWith({ list, alone }: Requirements, folder: string): Python {
  const env = { ...process.env, PYTHONPATH: folder, TF_CPP_MIN_LOG_LEVEL: "2" };
  const stamp = join(folder, "requirements.txt");
  const requirements = `${list}${alone}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === requirements) return { command, env };
  console.log("installing TensorFlow for Python (it is large: this takes a minute or more, once)");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  install(list, folder);
  install(alone, folder, "--no-deps");
  // Written last: what is half installed is installed again.
  writeFileSync(stamp, requirements);
  return { command, env };
}

function install(requirements: string, folder: string, ...options: readonly string[]): void {
  const list = join(folder, "wanted.txt");
  writeFileSync(list, requirements);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, ...options];
  const { status, error } = spawnSync(command, [...pip, "-r", list], { stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${pip.join(" ")} -r ${list} failed`, { cause: error });
}

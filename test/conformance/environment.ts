import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How to run a Python that has the packages it needs. */
export interface Python {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

const command = process.platform === "win32" ? "python" : "python3";

/**
 * A Python with these requirements, which are installed to a folder of their own: pip alone is needed for that, not venv.
 * It is done once, and again when the requirements change.
 */
export function pythonWith(requirements: string, folder: string): Python {
  const env = { ...process.env, PYTHONPATH: folder, TF_CPP_MIN_LOG_LEVEL: "2" };
  const stamp = join(folder, "requirements.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === requirements) return { command, env };
  console.log("installing TensorFlow for Python (it is large: this takes a minute or more, once)");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const list = join(folder, "wanted.txt");
  writeFileSync(list, requirements);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, "-r", list];
  const { status, error } = spawnSync(command, pip, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${pip.join(" ")} failed`, { cause: error });
  // Written last: what is half installed is installed again.
  writeFileSync(stamp, requirements);
  return { command, env };
}

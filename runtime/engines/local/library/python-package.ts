import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** The `tensorflow` package folders of the active Python environment, and the places that were searched for them. */
export interface PythonPackages {
  readonly lookedAt: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Looks for an installed `tensorflow` package: in the virtual environment or conda environment that is active, else where
 * `python3` would import it from. TensorFlow itself is not imported, and nothing of the current directory is run.
 */
export function findPythonPackages(): PythonPackages {
  const lookedAt: string[] = [];
  for (const name of ["VIRTUAL_ENV", "CONDA_PREFIX"]) {
    const prefix = process.env[name];
    if (prefix === undefined || prefix === "") continue;
    lookedAt.push(`${name} ${prefix}`);
    const folders = sitePackages(prefix).map((folder) => join(folder, "tensorflow"));
    if (folders.length > 0) return { lookedAt, folders };
  }
  for (const command of process.platform === "win32" ? ["python", "python3"] : ["python3", "python"]) {
    lookedAt.push(command);
    const folders = askPython(command);
    if (folders !== undefined) return { lookedAt, folders };
  }
  return { lookedAt, folders: [] };
}

function sitePackages(prefix: string): string[] {
  if (process.platform === "win32") return [join(prefix, "Lib", "site-packages")];
  const lib = join(prefix, "lib");
  return entries(lib)
    .filter((name) => /^python3\.\d+$/.test(name))
    .sort()
    .map((name) => join(lib, name, "site-packages"));
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

// `-I` keeps the current directory and PYTHON* variables out; it also drops the user's own site-packages, where
// `pip install --user` puts things, so that folder is added back at the end. `find_spec` of a top-level name imports nothing.
const SCRIPT = `
import importlib.util, site, sys
if sys.prefix == sys.base_prefix: sys.path.append(site.getusersitepackages())
spec = importlib.util.find_spec("tensorflow")
print(*(spec.submodule_search_locations or [] if spec else []), sep="\\n")
`;

/** Returns undefined for a missing command, or one that is not a working Python 3. */
function askPython(command: string): readonly string[] | undefined {
  const answer = spawnSync(command, ["-I", "-X", "utf8", "-c", SCRIPT], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 20_000,
    windowsHide: true,
    // Windows looks for programs in the current directory first: start where only Node.js lies.
    ...(process.platform === "win32" ? { cwd: dirname(process.execPath) } : {}),
  });
  if (answer.status !== 0) return undefined;
  return answer.stdout.split(/\r?\n/).filter((line) => line !== "");
}

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVERS, type ServerName } from "../support/servers/installed-servers.js";
import { interpreterWith, NotAvailable, type Requirements } from "./environment.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TESTS = ["real-servers", "ray-serve"].map((name) => `test/runtime/engines/remote/${name}.test.ts`);

const read = (name: string): string => readFileSync(new URL(`requirements-${name}.txt`, import.meta.url), "utf8");

const REQUIREMENTS: Readonly<Record<ServerName, Requirements>> = {
  mlserver: { list: read("mlserver"), alone: "" },
  triton: { list: read("triton"), alone: "" },
  serving: { list: "", alone: read("tensorflow-serving") },
  ray: { list: read("ray"), alone: read("tensorflow-serving") },
};

/**
 * Installs the servers of others, with TensorFlow in Python behind them, and compares what they answer our clients with
 * Python's numbers.
 *
 * @param shared the folder with TensorFlow for Python
 * @returns titles of the servers whose tests ran, and whether all of them agree
 */
export function checkServers(shared: string): { readonly titles: readonly string[]; readonly agree: boolean } {
  const titles: string[] = [];
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(SERVERS) as ServerName[]) {
    const { title, variable, folder } = SERVERS[name];
    // Someone may name another one.
    if (!env[variable]) {
      const found = prepare(name, title, join(root, folder), shared);
      if (typeof found !== "string") {
        console.log(`conformance: ${title} is not run: ${found.missing}`);
        continue;
      }
      env[variable] = found;
    }
    titles.push(title);
  }
  if (titles.length === 0) return { titles, agree: true };
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", ...TESTS], { cwd: root, env, stdio: "inherit" });
  return { titles, agree: status === 0 };
}

/** Returns the interpreter that runs a server, or why there is none. */
function prepare(
  name: ServerName,
  title: string,
  folder: string,
  shared: string,
): string | { readonly missing: string } {
  try {
    const interpreter = interpreterWith(title, REQUIREMENTS[name], folder, shared);
    const missing = name === "triton" ? missingLibrary(interpreter) : undefined;
    return missing === undefined ? interpreter : { missing };
  } catch (error) {
    if (error instanceof NotAvailable) return { missing: error.message };
    throw error;
  }
}

/** Triton's processes load Python as a library, which some Pythons do not have. */
function missingLibrary(interpreter: string): string | undefined {
  const program = "import sysconfig as s; print(s.get_config_var('LIBDIR'), s.get_config_var('INSTSONAME'), sep='\\n')";
  const { stdout } = spawnSync(interpreter, ["-c", program], { encoding: "utf8" });
  const [folder = "", file = ""] = stdout.split(/\r?\n/);
  return existsSync(join(folder, file)) ? undefined : `this Python has no shared library ${file} in ${folder}`;
}

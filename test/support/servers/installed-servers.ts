import { existsSync } from "node:fs";
import { join } from "node:path";

/** Servers of others that `npm run conformance` installs. */
export type ServerName = "mlserver" | "triton" | "serving" | "ray";

interface InstalledServer {
  readonly title: string;
  /** Variable that names a Python interpreter with the server's package and TensorFlow. */
  readonly variable: string;
  /** Folder of the environment that has them, below the root of the repository. */
  readonly folder: string;
}

export const SERVERS: Readonly<Record<ServerName, InstalledServer>> = {
  mlserver: {
    title: "MLServer",
    variable: "SAVEDMODEL_TEST_MLSERVER",
    folder: "build/conformance/servers/mlserver",
  },
  triton: { title: "Triton", variable: "SAVEDMODEL_TEST_TRITON", folder: "build/conformance/servers/triton" },
  serving: {
    title: "TensorFlow Serving's stubs",
    variable: "SAVEDMODEL_TEST_TF_SERVING",
    folder: "build/conformance/servers/tensorflow-serving",
  },
  ray: { title: "Ray Serve", variable: "SAVEDMODEL_TEST_RAY", folder: "build/conformance/servers/ray" },
};

/** Returns the interpreter of an environment. */
export function interpreterOf(environment: string): string {
  return process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

/** Returns the interpreter that a variable names, or that the conformance run has installed a server for. */
export function findServer(root: string, name: ServerName): string | undefined {
  const { variable, folder } = SERVERS[name];
  const named = process.env[variable];
  if (named) return named;
  const environment = join(root, folder);
  // The list of requirements is written when all of them are installed.
  return existsSync(join(environment, "requirements.txt")) ? interpreterOf(environment) : undefined;
}

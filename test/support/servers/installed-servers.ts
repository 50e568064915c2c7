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

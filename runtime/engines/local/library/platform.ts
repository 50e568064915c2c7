import { existsSync } from "node:fs";
import { SavedModelError } from "../../../base/errors.js";

/** The TensorFlow version that `savedmodel install` fetches when none is asked for. */
export const DEFAULT_TENSORFLOW_VERSION: string = "2.21.0";

/** The oldest minor version whose library has all functions that are needed, and the newest that was tried. */
export const SUPPORTED_TENSORFLOW: { readonly oldest: string; readonly newest: string } = {
  oldest: "2.12",
  newest: "2.21",
};

/** Returns false for a version that is older than the supported ones. Newer ones may work. */
export function isSupportedVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = SUPPORTED_TENSORFLOW.oldest.split(".").map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** Source of one platform's TensorFlow, and the names of its files. */
export interface Platform {
  /** `process.platform` and `process.arch`, such as `linux-x64`. */
  readonly name: string;
  /** Means by which it was tried: the test suite, or the smoke program in an emulator. */
  readonly tried: "suite" | "emulator" | "never";
  /** The pip package whose wheel holds the libraries. */
  readonly pipPackage: string;
  /** pip's platform tags, newest first: older TensorFlow versions carry the older tags. */
  readonly pipPlatforms: readonly string[];
  /** The folder of its libraries in a jar of `tensorflow-core-native`. */
  readonly jarName: string;
  /** File names of the library with the `TF_*` session functions: the wheel's own first, then the official C library's. */
  readonly mainNames: readonly string[];
  /** File names of the library that the main one needs, loaded before it. */
  readonly frameworkNames: readonly string[];
  /** Names to ask the system's dynamic loader for. */
  readonly systemNames: readonly string[];
  /** Folders where a C library unpacked by hand usually lies. */
  readonly systemFolders: readonly string[];
}

const linux: Pick<Platform, "mainNames" | "frameworkNames" | "systemNames"> = {
  mainNames: ["libtensorflow_cc.so.2", "libtensorflow.so.2", "libtensorflow.so"],
  frameworkNames: ["libtensorflow_framework.so.2", "libtensorflow_framework.so"],
  systemNames: ["libtensorflow.so.2", "libtensorflow_cc.so.2"],
};

/** Every platform with a TensorFlow wheel that holds the C API. */
export const PLATFORMS: readonly Platform[] = [
  {
    ...linux,
    name: "linux-x64",
    jarName: "linux-x86_64",
    tried: "suite",
    pipPackage: "tensorflow-cpu",
    pipPlatforms: ["manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"],
    systemFolders: ["/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu"],
  },
  {
    ...linux,
    name: "linux-arm64",
    jarName: "linux-arm64",
    tried: "emulator",
    pipPackage: "tensorflow",
    pipPlatforms: ["manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    systemFolders: ["/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/aarch64-linux-gnu"],
  },
  {
    name: "darwin-arm64",
    jarName: "macosx-arm64",
    tried: "never",
    pipPackage: "tensorflow",
    pipPlatforms: ["macosx_12_0_arm64"],
    mainNames: ["libtensorflow_cc.2.dylib", "libtensorflow.2.dylib", "libtensorflow.dylib"],
    frameworkNames: ["libtensorflow_framework.2.dylib", "libtensorflow_framework.dylib"],
    systemNames: ["libtensorflow.2.dylib", "libtensorflow_cc.2.dylib"],
    systemFolders: ["/opt/homebrew/lib", "/usr/local/lib"],
  },
  {
    name: "win32-x64",
    jarName: "windows-x86_64",
    tried: "emulator",
    pipPackage: "tensorflow-cpu",
    pipPlatforms: ["win_amd64"],
    // The wheel's `tensorflow_cc.dll` is a stub: the code is in the Python extension's DLL.
    mainNames: ["_pywrap_tensorflow_common.dll", "tensorflow.dll"],
    frameworkNames: [],
    systemNames: ["tensorflow.dll"],
    systemFolders: [],
  },
];

/**
 * The platform of this process.
 *
 * @throws SavedModelError `UNSUPPORTED_PLATFORM` when TensorFlow publishes nothing for it.
 */
export function currentPlatform(): Platform {
  const name = `${process.platform}-${process.arch}`;
  const platform = PLATFORMS.find((entry) => entry.name === name);
  if (platform === undefined) {
    throw new SavedModelError(
      "UNSUPPORTED_PLATFORM",
      `TensorFlow has no C library for ${name}; it has one for ${PLATFORMS.map((entry) => entry.name).join(", ")}`,
    );
  }
  if (process.platform === "linux" && isMusl()) {
    throw new SavedModelError(
      "UNSUPPORTED_PLATFORM",
      "this Node.js runs on musl libc (Alpine Linux), and TensorFlow is built for glibc",
      { fix: "Use an image with glibc, such as node:22-slim." },
    );
  }
  return platform;
}

/** Node's report knows its libc but takes milliseconds, so it is only asked where a musl loader is on the disk. */
function isMusl(): boolean {
  const loader = `/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  if (!existsSync(loader)) return false;
  const report: unknown = process.report.getReport();
  const header: unknown = typeof report === "object" && report !== null && "header" in report ? report.header : {};
  return typeof header === "object" && header !== null && !("glibcVersionRuntime" in header);
}

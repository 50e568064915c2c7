import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { readRunPath } from "../../../generator/library/elf-run-path.js";
import type { InstallPlan } from "../../../generator/library/gpu-library.js";
import { type InstallOptions, installLibrary } from "../../../generator/library/install-library.js";
import {
  currentVersion,
  installFolder,
  lookUpInstalled,
} from "../../../runtime/engines/local/library/library-cache.js";
import { currentPlatform } from "../../../runtime/engines/local/library/platform.js";
import { expectRejection } from "../../support/errors.js";
import {
  listing,
  realLibrary,
  savedmodel,
  savedmodelKilledAt,
  temporaryFolder,
  visible,
} from "../../support/library.js";
import { needs } from "../../support/needs.js";
import { compileShared, whyNotCompiled } from "../../support/op-library.js";
import { startPackageIndex } from "../../support/package-index.js";
import { type ArchiveFiles, zipOf } from "../../support/wheel.js";

const platform = currentPlatform();
const VERSION = "2.21.0";
const NAME = `${VERSION}-gpu`;
// Before another cache is set.
const real = realLibrary();
let cache: string;

beforeEach(() => {
  cache = temporaryFolder();
  vi.stubEnv("SAVEDMODEL_CACHE", cache);
  vi.stubEnv("SAVEDMODEL_TENSORFLOW", "");
  return () => vi.unstubAllEnvs();
});

it("rejects `gpu` on other platforms", async ({ skip }) => {
  skip(platform.name === "linux-x64", "this is the platform of the library for GPUs");
  await expectRejection(installLibrary({ gpu: true }), "UNSUPPORTED_PLATFORM");
});

describe("the library for GPUs, from small wheels", () => {
  const reason = platform.name === "linux-x64" ? whyNotCompiled() : "it is for Linux x64";
  needs(reason === undefined, `stand-ins cannot be made: ${reason}`);

  const SEARCHED = "$ORIGIN/../nvidia/cublas/lib:$ORIGIN/../nvidia/cudnn/lib";

  /** Makes a wheel. */
  function wheelOf(
    name: string,
    version: string,
    tag: string,
    files: ArchiveFiles,
    requires: readonly string[] = [],
  ): string {
    const metadata = [
      "Metadata-Version: 2.1",
      `Name: ${name}`,
      `Version: ${version}`,
      ...requires.map((line) => `Requires-Dist: ${line}`),
      "",
    ].join("\n");
    const base = `${name.replaceAll("-", "_")}-${version}`;
    const info = `${base}.dist-info`;
    const wheel = `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: ${tag}\n`;
    const entries = { ...files, [`${info}/METADATA`]: metadata, [`${info}/WHEEL`]: wheel, [`${info}/RECORD`]: "" };
    return zipOf(entries, `${base}-${tag}.whl`);
  }

  /** Compiles a library of nothing, or the stand-in for TensorFlow. */
  function compiled(content: string, ...options: readonly string[]): { readonly file: string } {
    const folder = temporaryFolder();
    const source = join(folder, "source.c");
    writeFileSync(source, content);
    return { file: compileShared(source, join(folder, "library.so"), options) };
  }

  function tensorflow(searched = SEARCHED, requires: readonly string[] = REQUIRES): string {
    const source = readFileSync(fileURLToPath(new URL("../../support/stand-in-tensorflow.c", import.meta.url)), "utf8");
    const runPath = [`-Wl,-rpath,${searched}`, "-Wl,--enable-new-dtags", "-ldl", `-DVERSION="${VERSION}"`];
    const files = {
      "tensorflow/__init__.py": "",
      "tensorflow/libtensorflow_cc.so.2": compiled("int main_library;"),
      "tensorflow/libtensorflow_framework.so.2": compiled(source, ...runPath),
    };
    return wheelOf("tensorflow", VERSION, "cp311-cp311-manylinux_2_27_x86_64", files, requires);
  }

  const REQUIRES = [
    'nvidia-cublas-cu12<13.0,>=12.5; extra == "and-cuda"',
    "nvidia-cusolver-cu12 (>=11.6) ; extra == 'and-cuda'",
    'nvidia-cuda-nvcc-cu12==12.5.82; extra == "and-cuda"',
    'nvidia-other; extra == "other"',
  ];
  const TAG = "py3-none-manylinux2014_x86_64";

  function nvidiaWheels(): readonly string[] {
    const ptxas = join(temporaryFolder(), "ptxas");
    writeFileSync(ptxas, "a program");
    chmodSync(ptxas, 0o755);
    const license = (name: string): string => `nvidia_${name}_cu12-12.9.1.dist-info/License.txt`;
    return [
      wheelOf("nvidia-cublas-cu12", "12.4.0", TAG, {}),
      wheelOf("nvidia-cublas-cu12", "12.9.1", TAG, {
        "nvidia/__init__.py": "",
        "nvidia/cublas/__init__.py": "",
        "nvidia/cublas/include/cublas.h": "for compilers",
        "nvidia/cublas/lib/__init__.py": "",
        "nvidia/cublas/lib/libcublas.so.12": compiled("int cublas;"),
        [license("cublas")]: "terms",
      }),
      wheelOf("nvidia-cusolver-cu12", "11.7.5", "py3-none-manylinux_2_27_x86_64", {
        "nvidia/cusolver/lib/libcusolver.so.11": compiled("int cusolver;"),
      }),
      wheelOf("nvidia-cuda-nvcc-cu12", "12.5.82", TAG, {
        "nvidia/cuda_nvcc/bin/ptxas": { file: ptxas },
        "nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc": "code",
      }),
    ];
  }

  const FILES = [
    "library.json",
    "nvidia/cublas/lib/libcublas.so.12",
    "nvidia/cublas/lib/libcusolver.so.11",
    "nvidia/cuda_nvcc/bin/ptxas",
    "nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc",
    "nvidia/cusolver/lib/libcusolver.so.11",
    "nvidia/licenses/nvidia_cublas_cu12.txt",
    "tensorflow/libtensorflow_cc.so.2",
    "tensorflow/libtensorflow_framework.so.2",
  ];

  async function useIndex(...parameters: Parameters<typeof startPackageIndex>): Promise<readonly string[]> {
    const { env, downloads } = await startPackageIndex(...parameters);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return downloads;
  }

  function expectComplete(): void {
    const answer = lookUpInstalled(NAME, platform);
    expect(answer).toMatchObject({
      found: true,
      manifest: { version: VERSION, main: "tensorflow/libtensorflow_cc.so.2" },
    });
    const { folder } = answer;
    const files = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    expect(files.sort()).toEqual(FILES);
    // TensorFlow does not search the folder of cusolver.
    const linked = join(folder, "nvidia/cublas/lib/libcusolver.so.11");
    expect(readlinkSync(linked)).toBe("../../cusolver/lib/libcusolver.so.11");
    expect(statSync(join(folder, "nvidia/cuda_nvcc/bin/ptxas")).mode & 0o111).toBe(0o111);
    expect(lstatSync(join(folder, "nvidia/cublas/lib/libcublas.so.12")).mode & 0o111).toBe(0o111);
  }

  async function failure(options: InstallOptions): Promise<string> {
    const error: unknown = await installLibrary(options).catch((reason: unknown) => reason);
    expect(listing(cache)).toEqual([]);
    return String(error);
  }

  it("installs TensorFlow's and NVIDIA's wheels, where the library finds them, after telling the sizes", async () => {
    const wheels = [tensorflow(), ...nvidiaWheels()];
    const downloads = await useIndex(wheels);
    let plan: InstallPlan | undefined;
    let before: readonly string[] | undefined;
    const sizes = new Set<number | undefined>();
    const installed = await installLibrary({
      gpu: true,
      onPlan: (given) => {
        plan = given;
        before = [...downloads];
      },
      onProgress: ({ phase, total }) => phase === "download" && sizes.add(total),
    });
    expect(installed).toEqual({ version: VERSION, folder: installFolder(NAME, platform), isNew: true });
    expectComplete();
    expect(currentVersion()).toBe(NAME);
    const used = wheels.filter((file) => !file.includes("12.4.0"));
    const bytes = used.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(plan).toMatchObject({ wheels: 4, downloadBytes: bytes, diskBytes: 2 * bytes });
    expect(before).toEqual([]);
    expect([...sizes]).toEqual([bytes]);
    expect(downloads).toHaveLength(4);

    // Once more: nothing is downloaded, and a library without GPUs is not disturbed by it.
    expect(await installLibrary({ gpu: true })).toEqual({ ...installed, isNew: false });
    expect(downloads).toHaveLength(4);

    // Stripped later, without a download.
    expect(await installLibrary({ gpu: true, strip: true })).toEqual(installed);
    expectComplete();
    expect(downloads).toHaveLength(4);
    const { folder } = installed;
    expect(await readRunPath(join(folder, "tensorflow/libtensorflow_framework.so.2"))).toEqual(SEARCHED.split(":"));

    const { version } = await installLibrary({ from: dirname(real.main) });
    expect(currentVersion()).toBe(version);
    expect(visible(cache)).toEqual([`${NAME}-linux-x64`, `${VERSION}-linux-x64`, "current"].sort());
  }, 600_000);

  it("estimates sizes where the index cannot tell what a wheel needs, and downloads each wheel once", async () => {
    const downloads = await useIndex([tensorflow(), ...nvidiaWheels()], { hasRanges: false });
    let plan: InstallPlan | undefined;
    await installLibrary({
      gpu: true,
      onPlan: (given) => {
        plan = given;
      },
    });
    expectComplete();
    expect(plan).toMatchObject({ wheels: undefined, downloadBytes: 3.4e9 });
    expect(downloads).toHaveLength(4);
  }, 600_000);

  it("rejects a disk that is too small before anything is downloaded", async () => {
    const downloads = await useIndex([tensorflow(), ...nvidiaWheels()], {
      sizeOf: (file) => (file.includes("cublas") ? 10 ** 15 : statSync(file).size),
    });
    const message = await failure({ gpu: true });
    expect(message).toMatch(
      /^SavedModelError: INSTALL_FAILED: the disk that holds \S+ has [\d.]+ GB free, and 2000000\.0 GB are needed/,
    );
    expect(downloads).toEqual([]);
  }, 600_000);

  it("takes TensorFlow's wheel from a file", async () => {
    const downloads = await useIndex(nvidiaWheels());
    let plan: InstallPlan | undefined;
    await installLibrary({
      gpu: true,
      from: tensorflow(),
      onPlan: (given) => {
        plan = given;
      },
    });
    expectComplete();
    expect(plan).toMatchObject({ wheels: 3 });
    expect(downloads).toHaveLength(3);
  }, 600_000);

  it.each<[string, () => string, string]>([
    ["built without CUDA", () => tensorflow("$ORIGIN/"), "libtensorflow_cc.so.2 is built without CUDA"],
    ["that names no wheel of NVIDIA", () => tensorflow(SEARCHED, []), "the wheel does not name NVIDIA's wheels"],
  ])(
    "rejects a wheel %s",
    async (_what, wheel, text) => {
      await useIndex([]);
      expect(await failure({ gpu: true, from: wheel() })).toContain(text);
    },
    600_000,
  );

  it("rejects a missing wheel of NVIDIA by name", async () => {
    await useIndex([tensorflow(), ...nvidiaWheels().filter((file) => !file.includes("cusolver"))]);
    expect(await failure({ gpu: true })).toContain("pip could not download nvidia-cusolver-cu12");
  }, 600_000);

  it("an install killed at any moment leaves a whole library or none, and the next one succeeds", async () => {
    await useIndex([tensorflow(), ...nvidiaWheels()]);
    for (const moment of [
      "Downloading 4 wheels",
      "Downloading: 0 %",
      "Downloading: 90 %",
      "Trying it",
      "installed in",
    ]) {
      expect(await savedmodelKilledAt(moment, ["install", "--gpu"]), moment).toContain(moment);
      const answer = lookUpInstalled(NAME, platform);
      expect(answer.found ? "" : answer.reason, moment).toMatch(/^(|.*is not installed)$/);
    }
    await installLibrary({ gpu: true });
    expectComplete();
    expect(existsSync(join(cache, "tensorflow"))).toBe(true);
  }, 900_000);

  it("the command line tells sizes and place", async () => {
    await useIndex([tensorflow(), ...nvidiaWheels()]);
    const { code, stdout, stderr } = await savedmodel(["install", "--gpu"], { COLUMNS: "400" });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(
      /^Downloading 4 wheels with 0\.0 GB, which take about 0\.0 GB of [\d.]+ GB that are free in \S+\nTensorFlow 2\.21\.0 for GPUs is installed in \S+\n$/,
    );
  }, 600_000);
});

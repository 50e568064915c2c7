import { mkdir, readFile, rm, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { cacheFolder } from "../../runtime/engines/local/library/library-cache.js";
import { readRunPath } from "./elf-run-path.js";
import { type Obtained, type ObtainRequest, obtain } from "./fetch-library.js";
import type { OnProgress } from "./install-progress.js";
import { chooseNvidia } from "./nvidia-files.js";
import { downloadWheel, findPip, type Pip } from "./pip.js";
import { type PlannedWheel, planDownload } from "./pip-plan.js";
import { unpackZip } from "./wheel.js";

/** The package whose library is built with CUDA. */
const PACKAGE = "tensorflow";

/** NVIDIA's wheels have tags that TensorFlow's never had. */
const PIP_PLATFORMS = ["2_27", "2_26", "2_25", "2_24", "2_17"]
  .map((glibc) => `manylinux_${glibc}_x86_64`)
  .concat("manylinux2014_x86_64");

/** Size of all wheels of TensorFlow 2.21.0, where the index does not tell sizes. */
const USUAL_DOWNLOAD_BYTES = 3.4e9;

/** Bytes of files, and of the largest wheel, for a byte of all wheels: 1.9 for TensorFlow 2.21.0. */
const UNPACKED_PER_BYTE = 2;

/** Sizes of an installation for GPUs. */
export interface InstallPlan {
  /** Number of wheels; undefined if the index does not tell. */
  readonly wheels: number | undefined;
  /** Bytes of the wheels, estimated if their number is undefined. */
  readonly downloadBytes: number;
  /** Bytes that are needed in the cache, estimated. */
  readonly diskBytes: number;
  /** Bytes that are free there. */
  readonly freeBytes: number;
}

/** Called once with the sizes, before a wheel of NVIDIA's is downloaded. */
export type OnPlan = (plan: InstallPlan) => void;

/** Result of {@link obtainGpu}. */
interface ObtainedGpu {
  readonly obtained: Obtained;
  /** Unpacks NVIDIA's libraries into `nvidia/` below a folder. */
  readonly addNvidia: (folder: string) => Promise<void>;
}

/**
 * Fetches TensorFlow's library for GPUs, and finds the wheels of NVIDIA that its metadata names.
 *
 * @throws SavedModelError `INSTALL_FAILED`
 */
export async function obtainGpu(request: ObtainRequest, onPlan: OnPlan): Promise<ObtainedGpu> {
  const { folder, from, onProgress, signal, version } = request;
  const planFolder = join(folder, "plan");
  await mkdir(planFolder);
  const pip = await findPip(planFolder, signal);
  const plan = (requirements: readonly string[]): ReturnType<typeof planDownload> =>
    planDownload(pip, { requirements, pipPlatforms: PIP_PLATFORMS, folder: planFolder, signal });

  const wheels = from === undefined ? await plan([`${PACKAGE}[and-cuda]==${version}`]) : undefined;
  if (from === undefined) await requireSpace(wheels, onPlan);
  const total = wheels?.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = overall(onProgress, total);
  const obtained = await obtain({ ...request, pipPackage: PACKAGE, onProgress: progress.show });
  progress.next();
  const requirements = await readRequirements(obtained);
  let nvidia = wheels;
  if (from !== undefined) {
    nvidia = await plan(requirements);
    await requireSpace(nvidia, onPlan);
  }
  const addNvidia = async (target: string): Promise<void> => {
    const wanted = nvidia?.filter(({ name }) => name !== PACKAGE).map(({ name, version }) => `${name}==${version}`);
    for (const requirement of wanted ?? requirements) {
      await unpackNvidia(pip, requirement, target, { ...request, onProgress: progress.show });
      progress.next();
    }
  };
  return { obtained, addNvidia };
}

/** Adds up the downloads of several wheels. What is unpacked in between is not shown. */
function overall(onProgress: OnProgress, total: number | undefined): { show: OnProgress; next: () => void } {
  let before = 0;
  let last = 0;
  return {
    show: ({ phase, done }) => {
      if (phase !== "download") return;
      last = done;
      onProgress({ phase, done: before + done, total });
    },
    next: () => {
      before += last;
      last = 0;
    },
  };
}

/** Tells what is to be downloaded, and throws if the disk has no room for it. */
async function requireSpace(wheels: readonly PlannedWheel[] | undefined, onPlan: OnPlan): Promise<void> {
  const downloadBytes = wheels?.reduce((sum, { bytes }) => sum + bytes, 0) ?? USUAL_DOWNLOAD_BYTES;
  const diskBytes = downloadBytes * UNPACKED_PER_BYTE;
  const { bavail, bsize } = await statfs(cacheFolder());
  const freeBytes = bavail * bsize;
  onPlan({ wheels: wheels?.length, downloadBytes, diskBytes, freeBytes });
  if (freeBytes >= diskBytes) return;
  throw new SavedModelError(
    "INSTALL_FAILED",
    `the disk that holds ${cacheFolder()} has ${gigabytes(freeBytes)} free, and ${gigabytes(diskBytes)} are needed`,
    { fix: "Free some space, or set SAVEDMODEL_CACHE to a folder on another disk." },
  );
}

/** Returns `3.2 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * Reads the packages of NVIDIA that the extra `and-cuda` of TensorFlow's wheel names.
 *
 * @throws SavedModelError `INSTALL_FAILED` if the library is not for GPUs
 */
async function readRequirements({ library, unpacked = "" }: Obtained): Promise<readonly string[]> {
  const searched = await readRunPath(library.framework ?? library.main);
  const metadata = await readFile(join(unpacked, "METADATA"), "utf8").catch(() => "");
  const requirements = [...metadata.matchAll(/^Requires-Dist: *(nvidia[-\w]+) *\(?([^;()]*)\)? *;(.*)$/gm)]
    .filter(([, , , condition = ""]) => /extra *== *["']and-cuda["']/.test(condition))
    .map(([, name = "", versions = ""]) => name + versions.replaceAll(" ", ""));
  if (searched.some((folder) => folder.includes("/nvidia/")) && requirements.length > 0) return requirements;
  const reason =
    requirements.length > 0
      ? `${basename(library.main)} is built without CUDA`
      : "the wheel does not name NVIDIA's wheels, as those of TensorFlow 2.14 and newer do";
  throw new SavedModelError("INSTALL_FAILED", reason, {
    fix: `Pass a wheel of ${PACKAGE} (not ${PACKAGE}-cpu) for Linux x64, version 2.14 or newer.`,
  });
}

async function unpackNvidia(pip: Pip, requirement: string, target: string, request: ObtainRequest): Promise<void> {
  const { folder, onProgress, platform, signal } = request;
  const download = join(folder, "nvidia-wheel");
  await mkdir(download);
  const [, name = "", versions = ""] = /^([-\w]+)(.*)$/.exec(requirement) ?? [];
  const wheel = await downloadWheel(pip, {
    package: name,
    versions,
    platform: { ...platform, pipPlatforms: PIP_PLATFORMS },
    folder: download,
    onProgress,
    signal,
    // It would keep another 3 GB.
    cache: false,
  });
  await unpackZip(wheel, target, onProgress, signal, chooseNvidia);
  await rm(download, { recursive: true });
}

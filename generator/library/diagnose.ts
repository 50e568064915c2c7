import { createRequire } from "node:module";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { Device } from "../../runtime/engine.js";
import { cacheFolder } from "../../runtime/engines/local/library/library-cache.js";
import {
  type LibraryCandidate,
  type LibraryPlace,
  type PlaceAnswer,
  searchLibrary,
} from "../../runtime/engines/local/library/library-search.js";
import { currentPlatform, type Platform } from "../../runtime/engines/local/library/platform.js";
import { checkDevices, checkLibrary } from "./check-library.js";
import { missingNvidia } from "./nvidia-files.js";

/** A library file of one place, with the result of loading it. */
export interface CandidateDiagnosis {
  readonly main: string;
  readonly framework: string | null;
  readonly loads: boolean;
  /** TensorFlow's version; null when it does not load. */
  readonly version: string | null;
  /** Reason why it does not load; null when it does. */
  readonly reason: string | null;
}

/** Answer of one place of the search. */
export interface PlaceDiagnosis {
  readonly place: LibraryPlace;
  readonly lookedAt: readonly string[];
  readonly candidates: readonly CandidateDiagnosis[];
  /** Reason why it has no candidate; null when it has one. */
  readonly reason: string | null;
}

/** Everything that determines whether a model can be run here, as plain JSON data. */
export interface Diagnosis {
  readonly version: string;
  readonly node: string;
  readonly platform: {
    readonly name: string;
    readonly supported: boolean;
    /** Means by which this package was tried on it; null where it is not supported. */
    readonly tried: Platform["tried"] | null;
  };
  /** Reason why the platform is not supported; null when it is. */
  readonly problem: string | null;
  readonly cache: string;
  /** The library that models run with; null when there is none. */
  readonly library: { readonly place: LibraryPlace; readonly main: string; readonly version: string } | null;
  /** The GPUs that TensorFlow finds; null without a library. */
  readonly gpu: GpuDiagnosis | null;
  /** The places in search order. */
  readonly places: readonly PlaceDiagnosis[];
}

/** GPUs that TensorFlow finds here. */
interface GpuDiagnosis {
  readonly devices: readonly Device[];
  /** Reasons why there is none, the most fundamental first. */
  readonly reasons: readonly string[];
}

/**
 * Queries every place of the search, and loads each library in a separate process, so that a bad one cannot end this
 * one.
 */
export async function diagnose(): Promise<Diagnosis> {
  const platform = supportedPlatform();
  const answers = platform instanceof SavedModelError ? [] : [...searchLibrary(platform)];
  const places = await Promise.all(answers.map(diagnosePlace));
  const library = chooseLibrary(answers, places);
  return {
    version: packageVersion(),
    node: process.versions.node,
    platform: {
      name: `${process.platform}-${process.arch}`,
      supported: !(platform instanceof SavedModelError),
      tried: platform instanceof SavedModelError ? null : platform.tried,
    },
    problem: platform instanceof SavedModelError ? platform.rawMessage : null,
    cache: cacheFolder(),
    library: library === null ? null : { place: library.place, main: library.main, version: library.version },
    gpu: library === null ? null : await diagnoseGpu(library),
    places,
  };
}

async function diagnoseGpu({ main, framework }: ChosenLibrary): Promise<GpuDiagnosis> {
  const found = await checkDevices();
  if (found === undefined) return { devices: [], reasons: ["TensorFlow's devices cannot be listed"] };
  const devices = found.devices.filter(({ type }) => type === "GPU");
  if (devices.length > 0) return { devices, reasons: [] };
  const reasons = [...found.reasons];
  if (!reasons.some((reason) => reason.includes("without CUDA"))) {
    const missing = await missingNvidia({ main, framework: framework ?? undefined });
    if (missing.length > 0) {
      reasons.push(
        `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not beside TensorFlow: \`npx savedmodel install --gpu\` installs them`,
      );
    }
  }
  return { devices, reasons };
}

interface ChosenLibrary extends NonNullable<Diagnosis["library"]> {
  readonly framework: string | null;
}

/** Chooses like `openLibrary()`: the first that loads, unless the user named a place and nothing there does. */
function chooseLibrary(answers: readonly PlaceAnswer[], places: readonly PlaceDiagnosis[]): ChosenLibrary | null {
  for (const [index, { place, candidates }] of places.entries()) {
    for (const { main, framework, version } of candidates) {
      if (version !== null) return { place, main, framework, version };
    }
    if (answers[index]?.required) return null;
  }
  return null;
}

async function diagnosePlace({ place, lookedAt, candidates, reason }: PlaceAnswer): Promise<PlaceDiagnosis> {
  return { place, lookedAt, candidates: await Promise.all(candidates.map(diagnoseCandidate)), reason: reason ?? null };
}

async function diagnoseCandidate({ main, framework }: LibraryCandidate): Promise<CandidateDiagnosis> {
  const check = await checkLibrary({ main, framework });
  return {
    main,
    framework: framework ?? null,
    loads: check.loads,
    version: check.loads ? check.version : null,
    reason: check.loads ? null : check.reason,
  };
}

function supportedPlatform(): Platform | SavedModelError {
  try {
    return currentPlatform();
  } catch (error) {
    if (error instanceof SavedModelError) return error;
    throw error;
  }
}

function packageVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("savedmodel/package.json");
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}

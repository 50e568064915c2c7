import { statSync } from "node:fs";
import { resolve } from "node:path";
import { currentVersion, lookUpInstalled } from "./library-cache.js";
import { findInFolder, type LibraryFiles, withFramework } from "./library-files.js";
import type { Platform } from "./platform.js";
import { findPlatformPackage } from "./platform-package.js";
import { findPythonPackages } from "./python-package.js";

/** The environment variable that names the TensorFlow library to use: a file, or a folder that holds it. */
export const LIBRARY_VARIABLE: string = "SAVEDMODEL_TENSORFLOW";

/** The kinds of places that are searched, in this order. */
export type LibraryPlace = "environment" | "package" | "cache" | "system" | "python";

/** A library that may be the one: its main file exists, or its name is one the system's loader may know. */
export interface LibraryCandidate extends LibraryFiles {
  readonly place: LibraryPlace;
}

/** Answer of one place. */
export interface PlaceAnswer {
  readonly place: LibraryPlace;
  /** Paths, names and commands that were searched. */
  readonly lookedAt: readonly string[];
  /** Libraries found, best first; not known yet to load. */
  readonly candidates: readonly LibraryCandidate[];
  /** Reason, in words, for the lack of candidates. */
  readonly reason: string | undefined;
  /** The user named this place, so the search must not go on silently when nothing here loads. */
  readonly required: boolean;
}

/**
 * Searches every place for a TensorFlow library, in the order that decides which one is used. Lazy: a place is searched
 * when the caller gets to it, so Python is started only when everything before it failed.
 */
export function* searchLibrary(platform: Platform): Generator<PlaceAnswer, void, void> {
  yield searchEnvironment(platform);
  yield searchPackage(platform);
  yield searchCache(platform);
  yield searchSystem(platform);
  yield searchPython(platform);
}

function searchEnvironment(platform: Platform): PlaceAnswer {
  const value = process.env[LIBRARY_VARIABLE];
  const place = "environment";
  if (value === undefined || value === "") {
    return { place, lookedAt: [], candidates: [], reason: `${LIBRARY_VARIABLE} is not set`, required: false };
  }
  const path = resolve(value);
  const fail = (reason: string): PlaceAnswer => ({ place, lookedAt: [path], candidates: [], reason, required: true });
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return fail(`${LIBRARY_VARIABLE} is ${value}, which does not exist`);
  const library = stat.isDirectory() ? findInFolder(path, platform) : withFramework(path, platform);
  if (library === undefined) {
    return fail(`${LIBRARY_VARIABLE} is ${value}, which holds none of ${platform.mainNames.join(", ")}`);
  }
  return { place, lookedAt: [path], candidates: [{ place, ...library }], reason: undefined, required: true };
}

function searchPackage(platform: Platform): PlaceAnswer {
  const place = "package";
  const answer = findPlatformPackage(platform);
  return {
    place,
    lookedAt: [answer.folder],
    candidates: answer.found ? [{ place, ...answer.library }] : [],
    reason: answer.found ? undefined : answer.reason,
    required: false,
  };
}

function searchCache(platform: Platform): PlaceAnswer {
  const place = "cache";
  const answer = lookUpInstalled(currentVersion(), platform);
  return {
    place,
    lookedAt: [answer.folder],
    candidates: answer.found ? [{ place, ...answer.library }] : [],
    reason: answer.found ? undefined : answer.reason,
    required: false,
  };
}

function searchSystem(platform: Platform): PlaceAnswer {
  const place = "system";
  const named = platform.systemNames.map((main) => ({ place, main, framework: undefined }) as const);
  const found = platform.systemFolders
    .map((folder) => findInFolder(folder, platform))
    .filter((library) => library !== undefined)
    .map((library) => ({ place, ...library }) as const);
  return {
    place,
    lookedAt: [...platform.systemNames, ...platform.systemFolders],
    candidates: [...named, ...found],
    reason: undefined,
    required: false,
  };
}

function searchPython(platform: Platform): PlaceAnswer {
  const place = "python";
  const { lookedAt, folders } = findPythonPackages();
  const candidates = folders
    .map((folder) => findInFolder(folder, platform))
    .filter((library) => library !== undefined)
    .map((library) => ({ place, ...library }) as const);
  const reason =
    candidates.length > 0
      ? undefined
      : folders.length === 0
        ? "no tensorflow package was found"
        : `the tensorflow package in ${folders.join(", ")} holds none of ${platform.mainNames.join(", ")}`;
  return { place, lookedAt: [...lookedAt, ...folders], candidates, reason, required: false };
}

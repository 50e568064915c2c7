import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SavedModelError } from "../../../base/errors.js";
import { isRecord } from "../../../base/is-record.js";
import { cacheFolder } from "./library-cache.js";
import { currentPlatform, type Platform } from "./platform.js";

/** A shared library of a pack. */
interface OpFile {
  readonly name: string;
  /** Bytes, by which damage is noticed. */
  readonly size: number;
  /** The operations that it registers. */
  readonly operations: readonly string[];
}

/** Record of an installed pack, which `savedmodel install --with` writes to `pack.json` beside its files. */
export interface OpPackManifest {
  /** Its name, which is pip's: `tensorflow-text`. */
  readonly name: string;
  readonly version: string;
  readonly platform: string;
  readonly files: readonly OpFile[];
}

/** Returns the minor version, such as `2.21`, with whose libraries a pack works: their interface changes with each. */
export function minorVersion(tensorflow: string): string {
  return tensorflow.split(".", 2).join(".");
}

/** The folder that holds one subfolder per installed pack, TensorFlow version and platform. */
export function opPackRoot(): string {
  return join(cacheFolder(), "op-packs");
}

/** The folder of a pack for a version of TensorFlow. */
export function opPackFolder(name: string, tensorflow: string, platform: Pick<Platform, "name">): string {
  return join(opPackRoot(), `${name}-${minorVersion(tensorflow)}-${platform.name}`);
}

/**
 * Returns the files of an installed pack with operations that a model needs. The others are not loaded: all files of
 * tensorflow-text would take a second and a half, and half a gigabyte.
 *
 * @param tensorflow the version of the library
 * @param needed the operations of the model; undefined for all files
 * @throws SavedModelError `OP_LIBRARY_INVALID` if it is not installed for that version, or damaged
 */
export function filesOfOpPack(
  name: string,
  tensorflow: string,
  needed: ReadonlySet<string> | undefined,
): readonly string[] {
  const folder = opPackFolder(name, tensorflow, currentPlatform());
  const manifest = readManifest(folder);
  if (manifest === undefined)
    throw unusable(`${name} is not installed for TensorFlow ${minorVersion(tensorflow)}`, name);
  return manifest.files
    .filter(({ operations }) => needed === undefined || operations.some((operation) => needed.has(operation)))
    .map(({ name: file, size }) => {
      const path = join(folder, file);
      if (statSync(path, { throwIfNoEntry: false })?.size !== size) throw unusable(`${path} is damaged`, name);
      return path;
    });
}

function unusable(what: string, name: string): SavedModelError {
  return new SavedModelError("OP_LIBRARY_INVALID", what, { fix: `Run \`npx savedmodel install --with ${name}\`.` });
}

function readManifest(folder: string): OpPackManifest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, "pack.json"), "utf8"));
    if (!isRecord(value) || !Array.isArray(value.files) || !value.files.every(isOpFile)) return undefined;
    const { name, version, platform, files } = value;
    return { name: String(name), version: String(version), platform: String(platform), files };
  } catch {
    return undefined;
  }
}

function isOpFile(file: unknown): file is OpFile {
  return (
    isRecord(file) &&
    typeof file.name === "string" &&
    typeof file.size === "number" &&
    Array.isArray(file.operations) &&
    file.operations.every((operation) => typeof operation === "string")
  );
}

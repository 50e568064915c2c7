import { resolve } from "node:path";
import { firstLine } from "../../runtime/base/text.js";
import type { ModelSpec } from "../../runtime/saved-model/model-spec.js";
import type { ProjectFile } from "../project/project.js";
import { readGenerated } from "../project/write-client.js";
import { readDescriptor } from "./parse-descriptor.js";
import { describeChanges } from "./signature-changes.js";

/** A generated client, which may not exist yet. */
interface Client {
  readonly path: string;
  readonly descriptor: ModelSpec;
}

/**
 * Describes missing and orphaned files of which one replaces the other, since the class, the folder of the model or the
 * output folder was renamed; by their paths.
 */
export function findMoved(
  missing: readonly ProjectFile[],
  orphans: readonly string[],
  root: string,
): ReadonlyMap<string, readonly string[]> {
  const before = orphans.flatMap((path) => clientOf(path, textOf(resolve(root, path))));
  return new Map<string, readonly string[]>(
    missing.flatMap((file): readonly (readonly [string, readonly string[]])[] => {
      const [after] = clientOf(file.path, file.text);
      if (after === undefined || typeof file.client === "string") return [];
      const was = onlyOne(before, after, isOfFolder) ?? onlyOne(before, after, hasSignatures);
      if (was === undefined) return [];
      const changes = describeChanges(was.descriptor, after.descriptor, file.client.description.signatures);
      return [
        [file.path, [`it takes the place of ${firstLine(was.path)}`, ...changes]],
        [was.path, [`${firstLine(file.path)} takes its place`]],
      ];
    }),
  );
}

/** Returns the client that matches another one; undefined if none or several do. */
function onlyOne(
  clients: readonly Client[],
  other: Client,
  isLike: (a: ModelSpec, b: ModelSpec) => boolean,
): Client | undefined {
  const [first, ...more] = clients.filter(({ descriptor }) => isLike(descriptor, other.descriptor));
  return more.length === 0 ? first : undefined;
}

function isOfFolder(a: ModelSpec, b: ModelSpec): boolean {
  return a.directory === b.directory && `${a.tags}` === `${b.tags}`;
}

function hasSignatures(a: ModelSpec, b: ModelSpec): boolean {
  const signaturesOf = ({ signatures, examples }: ModelSpec): string => JSON.stringify([signatures, examples]);
  return signaturesOf(a) === signaturesOf(b);
}

function clientOf(path: string, text: string): readonly Client[] {
  const descriptor = readDescriptor(text);
  return descriptor === undefined ? [] : [{ path, descriptor }];
}

/** Reads a file, which may have been removed since it was found. */
function textOf(path: string): string {
  try {
    return readGenerated(path);
  } catch {
    return "";
  }
}

import { resolve } from "node:path";
import { firstLine } from "../../runtime/base/text.js";
import type { ModelSpec } from "../../runtime/saved-model/model-spec.js";
import type { ProjectFile } from "../project/project.js";
import { readGenerated } from "../project/write-client.js";
import { readDescriptor } from "./parse-descriptor.js";
import { describeChanges } from "./signature-changes.js";

/** A generated client, there or not. */
interface Client {
  readonly path: string;
  readonly descriptor: ModelSpec;
}

/**
 * What to say of files that are missing and of others that are orphaned where one takes the place of the other, since the
 * class, the folder of the model or that of the clients has another name; by their paths.
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

/** The client that is like another one; undefined where several are. */
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

/** A file may be gone since it was found. */
function textOf(path: string): string {
  try {
    return readGenerated(path);
  } catch {
    return "";
  }
}

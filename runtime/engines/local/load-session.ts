import { SavedModelError } from "../../base/errors.js";
import { printable } from "../../base/text.js";
import { findDifferences } from "../../client/compare-signatures.js";
import { observeLoad } from "../../client/diagnostics.js";
import { checkLoadOptions, type LoadOptions } from "../../client/load-options.js";
import { readAuthorSignatures, readNamedSignatures } from "../../saved-model/arguments/author-arguments.js";
import type { ModelDescriptor } from "../../saved-model/descriptor.js";
import { readUnchanged } from "../../saved-model/files/folder-identity.js";
import { locateModel, toPath } from "../../saved-model/files/locate-model.js";
import { chooseMetaGraph, readMetaGraphs, tagsOf } from "../../saved-model/files/saved-model-file.js";
import { holdFolder } from "./save/lock-folder.js";
import { Session } from "./session.js";

/**
 * Loads a model, and compares its signatures with those of the client, if there is one. A model that is replaced
 * meanwhile is loaded again.
 *
 * @param clientFile returns the file of the client
 * @throws SavedModelError `INVALID_OPTION`, `SIGNATURE_MISMATCH`, and the codes of {@link Session}
 */
export function loadSession(
  descriptor: ModelDescriptor | undefined,
  directory: string | URL,
  options: LoadOptions,
  clientFile: () => string | undefined,
): Session {
  checkLoadOptions(`${descriptor?.name ?? "Model"}.load()`, options);
  const isOwn = descriptor !== undefined && directory === descriptor.directory;
  const folder = locateModel(toPath(directory), isOwn ? clientFile() : undefined);
  const load = (): Session => {
    const tags = options.tags ?? descriptor?.tags ?? tagsOf(chooseMetaGraph(folder, readMetaGraphs(folder)));
    // A client knows what its author wrote, and is compared with what the file has.
    const read = descriptor === undefined ? readAuthorSignatures : readNamedSignatures;
    const session = new Session(folder, tags, options, read);
    if (descriptor !== undefined) refuseOther(descriptor, session);
    return session;
  };
  const discard = (session: Session): void => session.dispose();
  const hold = (): (() => void) => holdFolder(folder);
  const loadUnchanged = (): Session => readUnchanged({ folder, what: "loaded", read: load, discard, hold });
  return observeLoad(folder, loadUnchanged, ({ tags }) => tags);
}

function refuseOther(descriptor: ModelDescriptor, session: Session): void {
  const differences = findDifferences(descriptor, session.signatures);
  if (differences.length === 0) return;
  session.dispose();
  throw new SavedModelError(
    "SIGNATURE_MISMATCH",
    `${printable(session.directory, 500)} does not match the generated ${descriptor.name}: ${differences.join("; ")}`,
    { fix: "Regenerate the client from this model: `npx savedmodel generate`." },
  );
}

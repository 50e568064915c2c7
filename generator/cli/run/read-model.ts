import { resolve } from "node:path";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { inspect } from "../../../runtime/saved-model/describe.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";
import type { AnyTensor } from "../../../runtime/tensor/types.js";
import { inFlags } from "../flags/tags.js";
import { type ServedModel, type ServerFlags, servedModelOf } from "../served/server-flags.js";
import type { ServerUrl } from "../served/server-url.js";

/** Options that choose a model. */
export interface ModelFlags extends ServerFlags {
  readonly signature?: string;
  readonly connect?: ServerUrl;
  readonly opLibrary?: readonly string[];
  readonly tags?: readonly string[];
}

type Results = Readonly<Record<string, AnyTensor>>;

/** A model that is described, and not yet loaded. */
export interface ReadModel {
  /** For messages: its folder, or its name on the server. */
  readonly name: string;
  readonly signatures: readonly SignatureInfo[];
  /** Loads it, or connects to its server, for one signature. */
  readonly open: (signature: SignatureInfo) => Promise<{
    readonly model: { dispose(): void };
    readonly call: (inputs: Readonly<Record<string, unknown>>) => Promise<Results> | Results;
  }>;
}

/**
 * Describes the model in a folder, or on a server.
 *
 * @throws SavedModelError `INVALID_OPTION` for options that contradict each other, the codes of `inspect`, and those of a
 * server
 */
export async function readModel(directory: string | undefined, flags: ModelFlags): Promise<ReadModel> {
  const { tags, opLibrary } = flags;
  const server = servedModelOf("--connect", flags.connect, flags);
  if (server !== undefined && opLibrary !== undefined) {
    throw new SavedModelError(
      "INVALID_OPTION",
      "--op-library is for a model that is loaded, and --connect calls a server",
    );
  }
  const read =
    directory === undefined ? undefined : inFlags(() => inspect(directory, tags === undefined ? {} : { tags }));
  if (server !== undefined) return await readServed(server, read?.signatures, flags);
  if (directory === undefined || read === undefined) {
    throw new SavedModelError("INVALID_OPTION", "no folder was given", {
      fix: "Pass the folder of a SavedModel, or the address of a server with --connect.",
    });
  }
  return {
    name: directory,
    signatures: read.signatures,
    open: async (signature) => {
      const { OneSignature } = await import("./run-model.js");
      const model = OneSignature.of(resolve(directory), read.tags, signature, opLibrary);
      return { model, call: (inputs) => model.run(signature.key, inputs) };
    },
  };
}

/** @param known the signatures of the model's folder; by default, those that the server describes */
async function readServed(
  server: ServedModel,
  known: readonly SignatureInfo[] | undefined,
  { signature: key, tags }: ModelFlags,
): Promise<ReadModel> {
  if (known === undefined && tags !== undefined) {
    throw new SavedModelError("INVALID_OPTION", "--tags is for a folder, and none was given");
  }
  const { describeServed, engineAt, inServerFlags } = await import("../served/served-model.js");
  const keys = key === undefined ? undefined : [key];
  return {
    name: server.model,
    signatures: known ?? (await describeServed(server, keys)),
    open: async (signature) => {
      const { OneSignature } = await import("./run-model.js");
      const model = await inServerFlags(server, OneSignature.at(engineAt(server, key === undefined), signature));
      return { model, call: (inputs) => model.runAsync(signature.key, inputs) };
    },
  };
}

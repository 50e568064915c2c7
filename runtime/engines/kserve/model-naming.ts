import type { ServedSignature } from "../remote/compare-served.js";
import { ServerError } from "../remote/server-error.js";

/** Names of the served models. */
export interface ModelNaming {
  /** Returns the name of the model that serves a signature. */
  readonly modelOf: (signature: string) => string;
  /** Version of the models; empty for the one that the server chooses. */
  readonly version: string;
}

/**
 * Reads the metadata of the models that serve some signatures.
 *
 * @param keys the signatures; servers do not list them
 * @param describe reads those of the model with a name
 * @throws ServerError with advice where a model does not exist
 */
export async function describeModels(
  keys: readonly string[] | undefined = [],
  { modelOf }: ModelNaming,
  describe: (model: string) => Promise<ServedSignature>,
): Promise<ReadonlyMap<string, ServedSignature>> {
  const described = keys.map(async (key) => {
    const model = modelOf(key);
    try {
      return [key, await describe(model)] as const;
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== "NOT_FOUND") throw error;
      const fix = `Signature ${JSON.stringify(key)} is expected as the model ${JSON.stringify(model)}: pass \`modelOf\` for other names, or name the signatures that the server has in the option \`signatures\`.`;
      throw new ServerError(error.status, error.address, error.message, { cause: error, fix });
    }
  });
  return new Map(await Promise.all(described));
}

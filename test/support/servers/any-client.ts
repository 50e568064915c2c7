import { basename, isAbsolute } from "node:path";
import { type Connected, type Engine, Model, type ModelSpec } from "../../../runtime/index.js";
import { specOfInfo } from "../../../runtime/saved-model/convert-spec.js";
import { modelFolder } from "../temp.js";

/** A client of any model, as the generator would make it, but for the names of its methods. */
export class AnyClient extends Model {
  /** The members of the client that return promises. */
  remote: Connected | undefined;

  /**
   * Connects, with what a SavedModel says of its signatures.
   *
   * @param name the name of a model in `test/models/`, or an absolute path
   */
  static async connect(name: string, engine: Engine, tags: readonly string[] = ["serve"]): Promise<AnyClient> {
    const client = new AnyClient(specOf(name, tags), engine);
    client.remote = await client.connected();
    return client;
  }
}

function specOf(name: string, tags: readonly string[]): ModelSpec {
  const directory = isAbsolute(name) ? name : modelFolder(name);
  using model = Model.load(directory, { tags });
  const signatures = model.signatures
    .filter(({ unsupported }) => unsupported === undefined)
    .map(({ key, inputs, outputs }, index) => ({
      key,
      // A key may be any name, such as `then`.
      method: `method${index}`,
      inputs: inputs.map(specOfInfo),
      outputs: outputs.map(({ key, dtype, shape, encoding, components }) =>
        specOfInfo({ key, dtype, shape, ...(encoding && { encoding }), ...(components && { components }) }),
      ),
    }));
  return { name: basename(name), directory, tags, signatures };
}

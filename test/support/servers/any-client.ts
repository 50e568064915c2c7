import { type Engine, Model, type ModelSpec } from "../../../runtime/index.js";
import { specOfInfo } from "../../../runtime/saved-model/convert-spec.js";
import { modelFolder } from "../temp.js";

/** A client of any model, as the generator would make it, but for the names of its methods. */
export class AnyClient extends Model {
  /** Connects, with what the SavedModel in a folder of `test/models/` says of its signatures. */
  static async connect(name: string, engine: Engine): Promise<AnyClient> {
    const client = new AnyClient(specOf(name), engine);
    await client.connected();
    return client;
  }
}

function specOf(name: string): ModelSpec {
  using model = Model.load(modelFolder(name));
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
  return { name, directory: modelFolder(name), tags: ["serve"], signatures };
}

import { SavedModelError } from "../../base/errors.js";
import { compareCodeUnits, printable, quote, suggest } from "../../base/text.js";
import { describeMethods, type Method } from "../../client/methods.js";
import type { DenseSignature, Engine, Execution, Pool } from "../../engine.js";
import { FairPool } from "../../queue/fair-pool.js";
import { infoOfSpec, infosOfSpec } from "../../saved-model/convert-spec.js";
import type { ModelSpec } from "../../saved-model/model-spec.js";
import type { SignatureInfo } from "../../saved-model/signature-info.js";
import { FakeExecution, type FakeFunction } from "./fake-execution.js";

/** Functions of a fake client, in place of a folder. */
export interface FakeSource {
  readonly fake: object;
}

/** Runs the functions of a test in place of a model. They run on the calling thread, so that any number may be pending. */
const pool: Pool = new FairPool(() => Number.POSITIVE_INFINITY);

/** Runs functions of a test in place of the signatures that a client was generated from. */
export class FakeEngine implements Engine {
  /** The folder that the client was generated from, which need not exist; of a served model the client's name. */
  readonly source: string;
  readonly signatures: readonly SignatureInfo[];
  readonly pool: Pool = pool;
  readonly remembersCallers = true;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #functions: ReadonlyMap<string, FakeFunction>;

  /**
   * @throws SavedModelError `INVALID_ARGUMENT` for a value that is not an object of functions by the names of methods
   */
  constructor(descriptor: ModelSpec, { fake }: FakeSource) {
    this.source = descriptor.directory || descriptor.name;
    this.signatures = descriptor.signatures
      .map(({ key, inputs, outputs }) => ({
        key,
        methodName: "",
        inputs: inputs.flatMap(infosOfSpec),
        outputs: outputs.map(infoOfSpec),
      }))
      .sort((a, b) => compareCodeUnits(a.key, b.key));
    this.#methods = describeMethods(this.signatures, descriptor);
    this.#functions = functionsOf(descriptor, fake);
  }

  prepare({ key, name }: DenseSignature): Execution {
    const method = this.#methods.get(key);
    if (method === undefined) throw new Error(`a client without ${name} called it`);
    return new FakeExecution(name, method, this.#functions.get(key));
  }

  unsupported(call: string): SavedModelError {
    return new SavedModelError("NOT_FAKED", `${call}: a fake client has no TensorFlow`, {
      fix: "Replace this method with a function in the test.",
    });
  }

  dispose(): void {
    // There is nothing to release.
  }
}
/** The functions by the keys of their signatures. */
function functionsOf({ name, signatures }: ModelSpec, fake: object): ReadonlyMap<string, FakeFunction> {
  const call = `${name}.fake()`;
  if (typeof fake !== "object" || fake === null || Array.isArray(fake)) {
    throw new SavedModelError("INVALID_ARGUMENT", `${call} takes an object of functions by the names of methods`);
  }
  const keys = new Map(signatures.map(({ key, method = key }) => [method, key]));
  const functions = new Map<string, FakeFunction>();
  for (const [method, given] of Object.entries(fake)) {
    const key = keys.get(method);
    if (key === undefined) {
      const fix = suggest(method, [...keys.keys()], "Its methods");
      throw new SavedModelError("INVALID_ARGUMENT", `${call}: unknown method ${quote(method)}`, { fix });
    }
    if (given === undefined) continue;
    if (typeof given !== "function") {
      throw new SavedModelError("INVALID_ARGUMENT", `${call}: ${printable(method)} must be a function`);
    }
    functions.set(key, (...inputs) => Reflect.apply(given, fake, inputs) as unknown);
  }
  return functions;
}

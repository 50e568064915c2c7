import { SavedModelError } from "../../base/errors.js";
import { compareCodeUnits, printable, quote, suggest } from "../../base/text.js";
import type { Call } from "../../call/call.js";
import type { Method } from "../../client/methods.js";
import { Lane } from "../../queue/read-write-queue.js";
import { componentsOf } from "../../saved-model/composite-spec.js";
import type { SignatureDescription, TensorDescription } from "../../saved-model/description.js";
import type { ModelDescriptor, TensorDescriptor } from "../../saved-model/descriptor.js";
import { FakeCall, type FakeFunction } from "./fake-call.js";
import type { FakeSource } from "./fake-source.js";

/** What a fake client has for a session: a test's functions in place of TensorFlow. */
export class FakeSession {
  /** The folder that the client was generated from, which need not exist. */
  readonly directory: string;
  /** Those that the client was generated from. */
  readonly signatures: readonly SignatureDescription[];
  readonly lane: Lane = new Lane();
  readonly #functions: ReadonlyMap<string, FakeFunction>;
  #disposed = false;
  /** Set where a `using` declaration disposes it. */
  isScopeEnded = false;

  /** @throws SavedModelError `INVALID_ARGUMENT` for what is no object of functions by the names of methods */
  constructor(descriptor: ModelDescriptor, { fake }: FakeSource) {
    this.directory = descriptor.directory;
    this.signatures = descriptor.signatures
      .map(({ key, inputs, outputs }) => ({
        key,
        methodName: "",
        inputs: inputs.flatMap(inputsOf),
        outputs: outputs.map(describe),
      }))
      .sort((a, b) => compareCodeUnits(a.key, b.key));
    this.#functions = functionsOf(descriptor, fake);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  prepare(key: string, method: Method): Call {
    return new FakeCall(this, key, method, this.#functions.get(key));
  }

  dispose(): void {
    this.#disposed = true;
    this.lane.close(new SavedModelError("DISPOSED", "the model was disposed before the call started"));
  }

  async close(): Promise<void> {
    this.#disposed = true;
    await new Promise<void>((resolve) => this.lane.whenIdle(resolve));
    this.dispose();
  }
}

/** The functions by the keys of their signatures. */
function functionsOf({ name, signatures }: ModelDescriptor, fake: object): ReadonlyMap<string, FakeFunction> {
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

/** The inputs of the SignatureDef that an argument is made of. */
function inputsOf(input: TensorDescriptor): readonly TensorDescription[] {
  const { parts, key, argument = key } = input;
  return parts === undefined ? [describe(input)] : parts.map((part) => ({ ...describe(part), argument }));
}

function describe({
  key,
  argument,
  dtype,
  shape,
  optional,
  encoding,
  raggedRank = 1,
  bytes,
}: TensorDescriptor): TensorDescription {
  const tensor = {
    key,
    ...(argument === undefined ? {} : { argument }),
    dtype,
    shape,
    ...(bytes === true ? { bytes } : {}),
    ...(optional === true ? { optional } : {}),
  };
  if (encoding === undefined) return tensor;
  return { ...tensor, encoding, components: componentsOf({ encoding, dtype, shape, count: 1 + raggedRank }) };
}

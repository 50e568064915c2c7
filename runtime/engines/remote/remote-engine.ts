import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import { listSome, quote } from "../../base/text.js";
import { plainOf } from "../../call/plain-value.js";
import { carriedDType } from "../../call/signature-call.js";
import type {
  DenseSignature,
  DenseValue,
  Engine,
  Execution,
  Form,
  Pool,
  Results,
  RunLimits,
  Targets,
} from "../../engine.js";
import { limitsOf } from "../../queue/deadline.js";
import { FairPool } from "../../queue/fair-pool.js";
import { infoOfSpec, infosOfSpec } from "../../saved-model/convert-spec.js";
import type { ModelSpec, SignatureSpec } from "../../saved-model/model-spec.js";
import type { SignatureInfo, TensorInfo } from "../../saved-model/signature-info.js";
import { signatureNotFound } from "../../saved-model/signature-not-found.js";
import type { DTypeInfo } from "../../tensor/dtype.js";
import type { ShapeSpec } from "../../tensor/shape.js";
import { addressOf } from "./addresses.js";
import { compareServed, type ServedSignature } from "./compare-served.js";
import { infosOfServed } from "./describe-served.js";
import type { RemoteSettings } from "./remote-options.js";
import { Requests, type SendOptions } from "./requests.js";
import { tensorOf } from "./result-tensor.js";
import { type Server, ServerPool } from "./server-pool.js";

/** A tensor to be sent, or expected. */
export interface WireTensor {
  readonly key: string;
  readonly dtype: DTypeInfo;
  /** Shape in the signature. */
  readonly shape: ShapeSpec;
}

/** An input with its value. */
export interface WireInput extends WireTensor {
  readonly value: DenseValue;
}

/** One call, as a protocol sends it. */
export interface WireCall {
  /** Raw key of the signature. */
  readonly key: string;
  /** For messages: `pred()`. */
  readonly name: string;
  readonly inputs: readonly WireInput[];
  readonly outputs: readonly WireTensor[];
  /** Description that the server gave of the signature when the client connected. */
  readonly served: ServedSignature | undefined;
}

/** Answer to a call: one value per output, in their order. */
export interface Answer {
  readonly values: readonly DenseValue[];
  /** Version of the model that answered. */
  readonly version?: string | undefined;
}

/** Protocol of a kind of server. Values that it gets were checked; what it returns is checked after it. */
export interface Protocol<S extends Server = Server> {
  /** `kserve` */
  readonly name: string;
  readonly servers: readonly S[];
  /** False for a protocol without scalars and default values, whose servers may leave sizes open. */
  readonly isExact: boolean;
  /**
   * Reads the inputs and outputs of signatures from a server; those that it does not have are omitted.
   *
   * @param keys the signatures; undefined for all, which only some protocols can list
   */
  describe(
    server: S,
    keys: readonly string[] | undefined,
    options: SendOptions,
  ): Promise<ReadonlyMap<string, ServedSignature>>;
  /** Returns the reason why the protocol has no form for a dtype; undefined where it has. */
  lacks(dtype: DTypeInfo): string | undefined;
  /**
   * Encodes a call, whose values are read before this returns.
   *
   * @throws SavedModelError for a value that the protocol cannot carry
   */
  encode(call: WireCall): EncodedCall<S>;
}

/** A call that can be sent, more than once where the first server fails. */
interface EncodedCall<S extends Server = Server> {
  send(server: S, options: SendOptions): Promise<Answer>;
}

/** Runs the signatures of a model on servers. */
export class RemoteEngine implements Engine {
  readonly source: string;
  readonly pool: Pool;
  readonly timeoutMs: number;
  readonly #protocolName: string;
  readonly #settings: RemoteSettings;
  readonly #open: (call: string) => Promise<Protocol>;
  #expected: ModelSpec | undefined;
  #signatures: readonly SignatureInfo[] = [];
  #protocol: Protocol | undefined;
  #requests: Requests<Server> | undefined;
  #served: ReadonlyMap<string, ServedSignature> = new Map();
  #isDisposed = false;

  /**
   * @param protocolName `kserve`
   * @param open makes the protocol with its servers, which loads what it needs; the parameter is a call, for messages
   */
  constructor(protocolName: string, settings: RemoteSettings, open: (call: string) => Promise<Protocol>) {
    this.#protocolName = protocolName;
    this.#settings = settings;
    this.#open = open;
    this.source = settings.urls.map((url) => `${addressOf(url)}/${settings.model}`).join(", ");
    this.timeoutMs = settings.timeoutMs;
    const { maxInFlight } = settings;
    this.pool = new FairPool(() => maxInFlight);
  }

  get signatures(): readonly SignatureInfo[] {
    return this.#signatures;
  }

  adopt(expected: ModelSpec): void {
    if (this.#expected !== undefined) {
      throw new SavedModelError("INVALID_ARGUMENT", `${expected.name}.connect(): this engine has a client already`, {
        fix: `Make another one: call \`${this.#protocolName}()\` again.`,
      });
    }
    this.#expected = expected;
    const { signatures } = this.#settings;
    const unknown = signatures?.find((key) => expected.signatures.every((signature) => signature.key !== key));
    if (unknown !== undefined) {
      const known = listSome(expected.signatures.map(({ key }) => key));
      throw new SavedModelError("INVALID_OPTION", `signatures: ${expected.name} has no signature ${quote(unknown)}`, {
        fix: `Its signatures: ${known}.`,
      });
    }
    this.#signatures = expected.signatures.map((signature) => {
      const { key, inputs, outputs } = signature;
      const isUnnamed = signatures?.includes(key) === false;
      const unsupported = isUnnamed ? "the option `signatures` does not name it" : whyUnsupported(signature);
      return {
        key,
        methodName: "",
        inputs: inputs.flatMap(infosOfSpec),
        outputs: outputs.map(infoOfSpec),
        ...(unsupported === undefined ? {} : { unsupported }),
      };
    });
  }

  async open(): Promise<void> {
    const call = `${this.#expected?.name ?? "Model"}.connect()`;
    const keys = this.#signatures.filter(({ unsupported }) => unsupported === undefined).map(({ key }) => key);
    const { isExact, served } = await this.#connect(call, keys);
    this.#served = served;
    if (this.#expected !== undefined) compareServed(this.#expected, keys, this.source, served, isExact);
  }

  /**
   * Reads the signatures of the served model, sorted by key, without a client that expects some.
   *
   * @param keys the signatures to read; undefined for all, where the protocol lists them
   * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `TF_<STATUS>`, `UNSUPPORTED_BY_ENGINE` when gRPC is not installed
   */
  async describe(keys?: readonly string[]): Promise<readonly SignatureInfo[]> {
    const { served } = await this.#connect("describe()", keys);
    const unknown = keys?.find((key) => !served.has(key));
    if (unknown !== undefined) throw signatureNotFound(unknown, [...served.keys()]);
    return infosOfServed(served);
  }

  async #connect(
    call: string,
    keys: readonly string[] | undefined,
  ): Promise<{ readonly isExact: boolean; readonly served: ReadonlyMap<string, ServedSignature> }> {
    const protocol = await this.#open(call);
    this.#protocol = protocol;
    const requests = new Requests(protocol.name, this.#settings, new ServerPool(protocol.servers));
    this.#requests = requests;
    if (this.#isDisposed) requests.close();
    const [key = ""] = keys ?? [];
    const served = await requests.send(
      { name: call, key, isObserved: false },
      { ...limitsOf(this.timeoutMs), mayRepeat: true },
      (server, options) => protocol.describe(server, keys, options),
    );
    return { isExact: protocol.isExact, served };
  }

  prepare(signature: DenseSignature): Execution {
    const { name } = signature;
    const inputs = signature.inputs.map((input) => this.#wireTensor(input, name));
    const outputs = signature.outputs.map((output) => this.#wireTensor(output, name));
    const served = this.#served.get(signature.key);
    return {
      // Servers are shared: what one client's calls wait for, another client's do not.
      writes: false,
      start: async <F extends Form>(
        values: readonly (DenseValue | undefined)[],
        form: F,
        _isWanted: () => boolean,
        _into?: Targets,
        limits: RunLimits = {},
      ): Promise<Results<F>> => {
        const given: WireInput[] = [];
        for (let index = 0; index < inputs.length; index++) {
          const { key, dtype, shape } = itemAt(inputs, index);
          const value = values[index];
          if (value !== undefined) given.push({ key, dtype, shape, value });
        }
        const answer = await this.#send({ key: signature.key, name, inputs: given, outputs, served }, limits);
        const results: unknown[] = [];
        for (let index = 0; index < outputs.length; index++) {
          const output = itemAt(signature.outputs, index);
          const tensor = tensorOf(itemAt(answer.values, index), output, itemAt(outputs, index).dtype, name);
          results.push(form === "plain" ? plainOf(tensor, output) : tensor);
        }
        // The form says which of the two it is.
        return results as Results<Form> as Results<F>;
      },
    };
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#requests?.close();
  }

  /** @throws SavedModelError `SIGNATURE_UNSUPPORTED` */
  #wireTensor(tensor: TensorInfo & { readonly isComponent?: true }, name: string): WireTensor {
    const { key, shape } = tensor;
    const dtype = carriedDType(tensor, name);
    const reason = this.#protocol?.lacks(dtype);
    if (reason !== undefined) {
      throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${name}: ${quote(key)} is of dtype ${dtype.name}: ${reason}`);
    }
    return { key, dtype, shape };
  }

  /** Its values are read before this returns. */
  #send(call: WireCall, limits: RunLimits): Promise<Answer> {
    const { key, name } = call;
    const protocol = this.#protocol;
    const requests = this.#requests;
    if (protocol === undefined || requests === undefined) {
      throw new SavedModelError("INVALID_ARGUMENT", `${name}: the engine is not connected`, {
        fix: "Pass it to the static method `connect` of a client.",
      });
    }
    const encoded = protocol.encode(call);
    return requests.send({ name, key, isObserved: true }, limits, (server, options) => encoded.send(server, options));
  }
}

/** Returns the reason why servers, which take and return dense tensors by key, cannot run a signature. */
function whyUnsupported({ inputs, outputs }: SignatureSpec): string | undefined {
  const input = inputs.find(({ encoding, parts }) => encoding !== undefined && parts === undefined);
  const output = outputs.find(({ encoding }) => encoding !== undefined);
  const [role, tensor] = input === undefined ? ["output", output] : ["input", input];
  if (tensor === undefined) return undefined;
  return `${role} ${quote(tensor.key)} is ${tensor.encoding}, and servers have dense tensors only`;
}

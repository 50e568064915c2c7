import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import { quote } from "../../base/text.js";
import { plainOf } from "../../call/plain-value.js";
import { carriedDType } from "../../call/signature-call.js";
import type { DenseSignature, DenseValue, Execution, Form, Results, RunLimits, Targets } from "../../engine.js";
import { type GraphIndex, operationOf, outputIndexOf } from "../../saved-model/graph/graph.js";
import type { TensorInfo } from "../../saved-model/signature-info.js";
import { nameInput } from "../../tensor/check-value.js";
import type { DTypeInfo } from "../../tensor/dtype.js";
import { equalElements } from "../../tensor/equal-elements.js";
import { tensorOf } from "../remote/result-tensor.js";
import { fromTensorProto, toTensorProto } from "../remote/tensor-proto.js";
import type { MasterMessage } from "./master-messages.js";
import type { MasterSession } from "./master-session.js";

interface PreparedTensor {
  readonly info: TensorInfo;
  readonly dtype: DTypeInfo;
  /** `operation:0` */
  readonly endpoint: string;
}

/** A session, and the operations that a run of a signature in it needs beside its results. */
export interface SignatureSession {
  readonly session: MasterSession;
  readonly targets: readonly string[];
}

/** Parts of an engine that its executions use. */
export interface ExecutionHost {
  /** @throws SavedModelError `INVALID_ARGUMENT` when the engine is not connected */
  session(): SignatureSession;
  readonly graph: GraphIndex;
  readonly maxMessageBytes: number;
  /** Returns true if running these operations may change variables. */
  writes(operations: readonly string[]): boolean;
  /** Returns the error of a failed call, with advice where it is known. */
  explain(key: string, error: unknown): unknown;
}

/** A signature that a session on a server runs. */
export class ClusterExecution implements Execution {
  readonly #host: ExecutionHost;
  readonly #key: string;
  readonly #name: string;
  readonly #inputs: readonly PreparedTensor[];
  readonly #outputs: readonly PreparedTensor[];
  #writes: boolean | undefined;

  /** @throws SavedModelError `MODEL_CORRUPT` when the graph has no such tensor */
  constructor(host: ExecutionHost, { key, name, inputs, outputs }: DenseSignature) {
    this.#host = host;
    this.#key = key;
    this.#name = name;
    this.#inputs = inputs.map((input) => this.#prepare(input));
    this.#outputs = outputs.map((output) => this.#prepare(output));
  }

  get writes(): boolean {
    this.#writes ??= this.#host.writes(this.#outputs.map(({ endpoint }) => operationOf(endpoint)));
    return this.#writes;
  }

  async start<F extends Form>(
    values: readonly (DenseValue | undefined)[],
    form: F,
    _isWanted: () => boolean,
    _into?: Targets,
    limits: RunLimits = {},
  ): Promise<Results<F>> {
    const { maxMessageBytes } = this.#host;
    const { session, targets } = this.#host.session();
    const fed = this.#feeds(values);
    // TensorFlow does not fetch what is fed.
    const outputs = this.#outputs.filter(({ endpoint }) => !fed.has(endpoint));
    const fetches = [...new Set(outputs.map(({ endpoint }) => endpoint))];
    const protos = [...fed.values()].map(({ dtype, value }) => toTensorProto(dtype, value));
    const passed = new Map<string, DenseValue>();
    for (const { endpoint } of this.#outputs) {
      const input = fed.get(endpoint);
      if (input !== undefined) passed.set(endpoint, copyOf(input.value));
    }
    const request = { name: this.#name, key: this.#key, isObserved: true };
    const mayRepeat = limits.mayRepeat === true || !this.writes;
    const spec = { feeds: [...fed.keys()], fetches, targets };
    try {
      const read = (fetched: readonly MasterMessage<"TensorProto">[]): readonly DenseValue[] =>
        this.#outputs.map(({ dtype, endpoint }) => {
          const value = passed.get(endpoint);
          if (value !== undefined) return value;
          return fromTensorProto(itemAt(fetched, fetches.indexOf(endpoint)), dtype, maxMessageBytes);
        });
      const found =
        fetches.length === 0 ? read([]) : await session.call(request, spec, protos, { ...limits, mayRepeat }, read);
      const results = this.#outputs.map(({ info, dtype }, index) => {
        const value = itemAt(found, index);
        const tensor = tensorOf(value, info, dtype, this.#name);
        return form === "plain" ? plainOf(tensor, info) : tensor;
      });
      // The form says which of the two it is.
      return results as Results<Form> as Results<F>;
    } catch (error) {
      throw this.#host.explain(this.#key, error);
    }
  }

  /** Returns the values by the names of the tensors that are fed: several inputs may be one tensor. */
  #feeds(
    values: readonly (DenseValue | undefined)[],
  ): ReadonlyMap<string, { readonly info: TensorInfo; readonly dtype: DTypeInfo; readonly value: DenseValue }> {
    const fed = new Map<string, { readonly info: TensorInfo; readonly dtype: DTypeInfo; readonly value: DenseValue }>();
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue;
      const { info, dtype, endpoint } = itemAt(this.#inputs, index);
      const other = fed.get(endpoint);
      if (other === undefined) {
        fed.set(endpoint, { info, dtype, value });
      } else if (!isSame(dtype, value, other.value)) {
        const keys = `${nameInput(other.info)} and ${nameInput(info)}`;
        throw new SavedModelError(
          "CONFLICTING_INPUTS",
          `${this.#name}: inputs ${keys} are one tensor of the model, but got different values`,
        );
      }
    }
    return fed;
  }

  #prepare(info: TensorInfo): PreparedTensor {
    const { key, tensor = "" } = info;
    const dtype = carriedDType(info, this.#name);
    const operation = operationOf(tensor);
    if (this.#host.graph.edges(operation) === undefined) {
      const what = `the tensor ${quote(tensor)} of ${quote(key)} is not in the graph`;
      throw new SavedModelError("MODEL_CORRUPT", `${this.#name}: ${what}`);
    }
    return { info, dtype, endpoint: `${operation}:${outputIndexOf(tensor)}` };
  }
}

function isSame({ name }: DTypeInfo, a: DenseValue, b: DenseValue): boolean {
  return a.shape.join() === b.shape.join() && equalElements(name, a.elements, b.elements);
}

/** Copies a value that is a result too: it is the caller's own memory. */
function copyOf({ shape, elements }: DenseValue): DenseValue {
  return { shape, elements: ArrayBuffer.isView(elements) ? elements.slice() : elements.map((bytes) => bytes.slice()) };
}

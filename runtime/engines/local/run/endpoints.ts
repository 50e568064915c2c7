import { SavedModelError } from "../../../base/errors.js";
import { itemAt } from "../../../base/item-at.js";
import { quote } from "../../../base/text.js";
import { operationOf, outputIndexOf } from "../../../saved-model/graph/graph.js";
import type { TensorInfo } from "../../../saved-model/signature-info.js";
import { type DTypeInfo, dtypeName } from "../../../tensor/dtype.js";
import type { Pointer } from "../native/c-functions.js";
import type { Session } from "../session.js";

/** One output of one operation, which is fed or fetched. */
interface Endpoint {
  readonly name: string;
  readonly operation: Pointer;
  readonly index: number;
  readonly dtype: DTypeInfo;
}

/**
 * The distinct endpoints that a signature feeds, or those that it fetches. Feeding one twice is an error in TensorFlow,
 * or even aborts the process, so tensors that several keys share are counted once.
 */
export class Endpoints {
  readonly #session: Session;
  readonly #call: string;
  readonly #endpoints: Endpoint[] = [];

  constructor(session: Session, call: string) {
    this.#session = session;
    this.#call = call;
  }

  get count(): number {
    return this.#endpoints.length;
  }

  get dtypes(): readonly DTypeInfo[] {
    return this.#endpoints.map(({ dtype }) => dtype);
  }

  /** The names of their operations. */
  get operations(): readonly string[] {
    return this.#endpoints.map(({ name }) => name);
  }

  /**
   * The number of the endpoint of this tensor, which is added if it is new.
   *
   * @throws SavedModelError `MODEL_CORRUPT` when the graph has no such tensor, or one of another dtype
   */
  add(tensor: TensorInfo, dtype: DTypeInfo): number {
    const known = this.find(tensor, dtype);
    if (known !== undefined) return known;
    this.#endpoints.push({ ...this.#resolve(tensor, dtype), dtype });
    return this.#endpoints.length - 1;
  }

  /** The number of the endpoint of this tensor, if it is known; throws the codes of {@link Endpoints.add}. */
  find(tensor: TensorInfo, dtype: DTypeInfo): number | undefined {
    const { operation, index } = this.#resolve(tensor, dtype);
    const found = this.#endpoints.findIndex((known) => known.operation === operation && known.index === index);
    return found < 0 ? undefined : found;
  }

  /** A new TF_Output[]: `struct { TF_Operation *oper; int index; }`, 16 bytes each. */
  toNative(): BigUint64Array {
    // A separate buffer, which the engine does not move: a worker thread may read it.
    const native = new BigUint64Array(new ArrayBuffer(Math.max(1, this.count) * 16));
    for (let endpoint = 0; endpoint < this.count; endpoint++) this.write(native, endpoint, endpoint);
    return native;
  }

  /** Writes one endpoint to a place of a TF_Output[]. */
  write(native: BigUint64Array, place: number, endpoint: number): void {
    const { operation, index } = itemAt(this.#endpoints, endpoint);
    native[2 * place] = operation;
    native[2 * place + 1] = BigInt(index);
  }

  /** `operation:index`, where a missing index means 0. */
  #resolve(tensor: TensorInfo, dtype: DTypeInfo): Omit<Endpoint, "dtype"> {
    const { tensor: path = "" } = tensor;
    const [name, index] = [operationOf(path), outputIndexOf(path)];
    const { api } = this.#session;
    const operation = this.#session.operation(name);
    if (operation === null || index >= api.TF_OperationNumOutputs(operation)) {
      throw this.#mismatch(tensor, "is not in the graph");
    }
    const actual = dtypeName(api.TF_OperationOutputType({ oper: operation, index }));
    if (actual !== dtype.name) throw this.#mismatch(tensor, `is ${actual} in the graph, not ${dtype.name}`);
    return { name, operation, index };
  }

  #mismatch({ key, tensor }: TensorInfo, what: string): SavedModelError {
    const message = `${this.#call}: the tensor ${quote(tensor ?? "")} of ${quote(key)} ${what}`;
    return new SavedModelError("MODEL_CORRUPT", message);
  }
}

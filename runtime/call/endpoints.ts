import type { TensorDescription } from "../description.js";
import { type DTypeInfo, dtypeName } from "../dtype.js";
import { SavedModelError } from "../errors.js";
import type { Pointer } from "../native/ffi.js";
import type { Session } from "../session.js";
import { quote } from "../text.js";

/** One output of one operation: what is fed or fetched. */
interface Endpoint {
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
  #native: BigUint64Array | undefined;

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

  /** The endpoints as a TF_Output[]. */
  get native(): BigUint64Array {
    this.#native ??= this.toNative();
    return this.#native;
  }

  /**
   * The number of the endpoint of this tensor, which is added if it is new.
   *
   * @throws SavedModelError `SIGNATURE_MISMATCH` when the graph has no such tensor, or one of another dtype
   */
  add(tensor: TensorDescription, dtype: DTypeInfo): number {
    const { operation, index } = this.#resolve(tensor);
    const known = this.#indexOf(operation, index);
    if (known !== undefined) return known;
    const actual = dtypeName(this.#session.api.TF_OperationOutputType({ oper: operation, index }));
    if (actual !== dtype.name) throw this.#mismatch(tensor, `is ${actual} in the graph, not ${dtype.name}`);
    this.#endpoints.push({ operation, index, dtype });
    return this.#endpoints.length - 1;
  }

  /** The number of the endpoint of this tensor, if it is known. */
  find(tensor: TensorDescription): number | undefined {
    const { operation, index } = this.#resolve(tensor);
    return this.#indexOf(operation, index);
  }

  /** A new TF_Output[]: `struct { TF_Operation *oper; int index; }`, 16 bytes each. */
  toNative(): BigUint64Array {
    const native = new BigUint64Array(Math.max(1, this.count) * 2);
    for (let endpoint = 0; endpoint < this.count; endpoint++) this.write(native, endpoint, endpoint);
    return native;
  }

  /** Writes one endpoint to a place of a TF_Output[]. */
  write(native: BigUint64Array, place: number, endpoint: number): void {
    const { operation = 0n, index = 0 } = this.#endpoints[endpoint] ?? {};
    native[2 * place] = operation;
    native[2 * place + 1] = BigInt(index);
  }

  #indexOf(operation: Pointer, index: number): number | undefined {
    const found = this.#endpoints.findIndex((known) => known.operation === operation && known.index === index);
    return found < 0 ? undefined : found;
  }

  /** `operation:index`, where a missing index means 0. */
  #resolve(tensor: TensorDescription): { operation: Pointer; index: number } {
    const [, name = "", digits = "0"] = /^(.*?)(?::(\d+))?$/s.exec(tensor.tensor ?? "") ?? [];
    const operation = this.#session.operation(name);
    if (operation === null) throw this.#mismatch(tensor, "is not in the graph");
    const index = Number(digits);
    if (index >= this.#session.api.TF_OperationNumOutputs(operation))
      throw this.#mismatch(tensor, "is not in the graph");
    return { operation, index };
  }

  #mismatch({ key, tensor }: TensorDescription, what: string): SavedModelError {
    const message = `${this.#call}: the tensor ${quote(tensor ?? "")} of ${quote(key)} ${what}`;
    return new SavedModelError("SIGNATURE_MISMATCH", message);
  }
}

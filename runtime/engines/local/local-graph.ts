import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import { blocking, type Steps } from "../../base/steps.js";
import { quote } from "../../base/text.js";
import type { VariableHandles } from "../../saved-model/graph/duplicated-variables.js";
import { operationOf, outputIndexOf } from "../../saved-model/graph/graph.js";
import { checkpointOf } from "../../saved-model/graph/loader-operations.js";
import type { Message } from "../../saved-model/proto/decode.js";
import { dtypeInfo, dtypeName, isDType } from "../../tensor/dtype.js";
import { Tensor } from "../../tensor/tensor.js";
import type { CheckpointReader } from "../graph/checkpoint/checkpoint-reader.js";
import { type FoundCheckpoint, findCheckpoint } from "../graph/checkpoint/find-checkpoint.js";
import type { GraphRun, GraphSession, NodeSpec } from "../graph/graph-session.js";
import { nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { withStatus } from "./native/status.js";
import { NativeCheckpoint } from "./native-checkpoint.js";
import { Feed } from "./run/input-tensor.js";
import { readTensor } from "./run/output-value.js";
import { runError } from "./run/run-error.js";
import type { Session } from "./session.js";

/** An output of an operation: a TF_Output. */
interface Output {
  readonly oper: Pointer;
  readonly index: number;
}

/** The graph of a session of this process. */
export class LocalGraph implements GraphSession {
  readonly isLocal = true;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get directory(): string {
    return this.#session.directory;
  }

  get checkpoint(): string | undefined {
    return checkpointOf(this.directory);
  }

  get saver(): Message<"SaverDef"> | null {
    return this.#session.saver;
  }

  get objectGraph(): Uint8Array {
    return this.#session.objectGraph;
  }

  get collections(): Message<"MetaGraphDef">["collectionDef"] {
    return this.#session.collections;
  }

  get variableHandles(): VariableHandles {
    return this.#session.variableHandles;
  }

  graphDef(): Uint8Array {
    return this.#session.graphDef();
  }

  findCheckpoint(path: string): Steps<FoundCheckpoint> {
    return blocking(() => findCheckpoint(path));
  }

  openCheckpoint(prefix: string): Steps<CheckpointReader> {
    return blocking(() => new NativeCheckpoint(this.#session.api, prefix));
  }

  addOperations(nodes: readonly NodeSpec[]): void {
    for (const node of nodes) this.#addOperation(node);
  }

  #addOperation({ op, name, inputs, dtypes }: NodeSpec): void {
    const { api } = this.#session;
    // Before the description is begun, which only TF_FinishOperation deletes.
    const sources = inputs.map((input) =>
      typeof input === "string" ? this.#output(input) : nativeOutputs(input.map((each) => this.#output(each))),
    );
    const description = this.#session.newOperation(op, name);
    for (const source of sources) {
      if ("oper" in source) api.TF_AddInput(description, source);
      else api.TF_AddInputList(description, source, source.length / 2);
    }
    for (const [attribute, dtype] of Object.entries(dtypes)) {
      if (typeof dtype === "number") api.TF_SetAttrType(description, attribute, dtype);
      else api.TF_SetAttrTypeList(description, attribute, Int32Array.from(dtype), dtype.length);
    }
    nonNull(
      withStatus(api, (status) => api.TF_FinishOperation(description, status)),
      "operation",
    );
  }

  run(call: string, request: GraphRun): Steps<readonly Tensor[]> {
    return blocking(() => this.#run(call, request));
  }

  #run(call: string, { feeds = [], fetches = [], targets = [] }: GraphRun): readonly Tensor[] {
    const { api, handle, runOptions, recording } = this.#session;
    const fed = nativeOutputs(feeds.map(([tensor, { dtype }]) => this.#output(tensor, dtype)));
    const fetched = nativeOutputs(fetches.map((tensor) => this.#output(tensor)));
    const operations = BigUint64Array.from(targets, (name) => this.#session.requireOperation(name));
    const inputs: Feed[] = [];
    const results = new BigUint64Array(fetches.length);
    try {
      const values = BigUint64Array.from(feeds, ([tensor, value]) => {
        const feed = new Feed(api, dtypeInfo(value.dtype), `${call}: ${quote(tensor)}`);
        inputs.push(feed);
        return feed.write({ shape: value.shape, elements: Tensor.elementsOf(value) });
      });
      try {
        withStatus(api, (status) =>
          api.TF_SessionRun(
            handle,
            recording?.runOptions ?? runOptions,
            fed,
            values,
            feeds.length,
            fetched,
            results,
            fetches.length,
            operations,
            operations.length,
            recording?.begin(call) ?? null,
            status,
          ),
        );
      } catch (cause) {
        throw runError(call, cause);
      }
      return fetches.map((tensor, index) => this.#read(call, tensor, itemAt(results, index)));
    } finally {
      for (const tensor of results) if (tensor !== 0n) api.TF_DeleteTensor(tensor);
      for (const feed of inputs) feed.release();
    }
  }

  /** Copies a result, which may be the memory of a variable. */
  #read(call: string, key: string, tensor: Pointer): Tensor {
    const { api } = this.#session;
    const dtype = dtypeName(api.TF_TensorType(nonNull(tensor, "tensor")));
    if (!isDType(dtype))
      throw new SavedModelError("MODEL_CORRUPT", `the tensor ${quote(key)} is ${dtype} in the graph`);
    return readTensor(api, tensor, { key, dtype: dtypeInfo(dtype), shape: null }, call);
  }

  /**
   * Returns a tensor by its name.
   *
   * @param dtype that it must have, if any
   * @throws SavedModelError `MODEL_CORRUPT`, `DISPOSED`
   */
  #output(tensor: string, dtype?: string): Output {
    const { api } = this.#session;
    const output = { oper: this.#session.requireOperation(operationOf(tensor)), index: outputIndexOf(tensor) };
    if (output.index >= api.TF_OperationNumOutputs(output.oper)) {
      throw new SavedModelError("MODEL_CORRUPT", `the tensor ${quote(tensor)} is not in the graph`);
    }
    const actual = dtypeName(api.TF_OperationOutputType(output));
    if (dtype === undefined || actual === dtype) return output;
    const what = `the tensor ${quote(tensor)} is ${actual} in the graph, not ${dtype}`;
    throw new SavedModelError("MODEL_CORRUPT", what);
  }
}

/** A TF_Output[]: each is an operation and the number of one of its outputs, 16 bytes. */
function nativeOutputs(outputs: readonly Output[]): BigUint64Array {
  return BigUint64Array.from(outputs.flatMap(({ oper, index }) => [oper, BigInt(index)]));
}

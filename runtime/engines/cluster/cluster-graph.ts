import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import { oncePer } from "../../base/once.js";
import { requireNoPattern } from "../../base/path-pattern.js";
import { type Steps, step } from "../../base/steps.js";
import { printable } from "../../base/text.js";
import type { VariableHandles } from "../../saved-model/graph/duplicated-variables.js";
import type { Message } from "../../saved-model/proto/decode.js";
import { dtypeInfo } from "../../tensor/dtype.js";
import { Tensor } from "../../tensor/tensor.js";
import type { CheckpointReader, CheckpointTensor } from "../graph/checkpoint/checkpoint-reader.js";
import { type FoundCheckpoint, latestIn } from "../graph/checkpoint/find-checkpoint.js";
import type { GraphRun, GraphSession, NodeSpec } from "../graph/graph-session.js";
import { stringPlaceholder, stringTensor } from "../graph/string-feeds.js";
import { readCheckpointIndex } from "./checkpoint-index.js";
import type { MasterSession } from "./master-session.js";

/** Parts of a meta graph that a graph on a server needs. */
export interface GraphParts {
  readonly directory: string;
  readonly metaGraph: Message<"MetaGraphDef">;
  readonly variableHandles: VariableHandles;
}

/** The graph of a session on a server. */
export class ClusterGraph implements GraphSession {
  readonly isLocal = false;
  readonly directory: string;
  readonly variableHandles: VariableHandles;
  readonly #metaGraph: Message<"MetaGraphDef">;
  readonly #session: MasterSession;
  /** Names of the operations that read tensors of checkpoints, by the dtypes of these. */
  readonly #readers: Map<string, string> = new Map();
  checkpoint: string | undefined;

  constructor(session: MasterSession, { directory, metaGraph, variableHandles }: GraphParts) {
    this.#session = session;
    this.directory = directory;
    this.#metaGraph = metaGraph;
    this.variableHandles = variableHandles;
  }

  get saver(): Message<"SaverDef"> | null {
    return this.#metaGraph.saverDef;
  }

  get objectGraph(): Uint8Array {
    return this.#metaGraph.objectGraphDef;
  }

  get collections(): Message<"MetaGraphDef">["collectionDef"] {
    return this.#metaGraph.collectionDef;
  }

  graphDef(): Uint8Array {
    return this.#metaGraph.graphDef;
  }

  addOperations(nodes: readonly NodeSpec[]): void {
    this.#session.add(nodes);
  }

  run(call: string, request: GraphRun): Steps<readonly Tensor[]> {
    const now = (): never => {
      throw new Error("a server cannot be asked without waiting");
    };
    return step(now, () => this.#session.run(call, request));
  }

  *findCheckpoint(path: string): Steps<FoundCheckpoint> {
    requireServerPath("restore()", path);
    const given = path.replace(/(?<=[^/\\:])[/\\]+$/, "");
    const model = `${given}/variables/variables`;
    const state = `${given}/checkpoint`;
    const found = yield* this.matchingFiles([`${given}.index`, `${model}.index`, state]);
    const prefixes = [given, model].filter((prefix) => found.has(`${prefix}.index`));
    const latest = found.has(state) ? latestIn(yield* this.#readFile(state)) : undefined;
    // A folder that was moved still has the old absolute paths.
    const places = latest === undefined ? [] : [`${given}/${latest.replace(/^.*[/\\]/, "")}`, latest];
    const there = places.length === 0 ? new Set() : yield* this.matchingFiles(places.map((place) => `${place}.index`));
    const [prefix] = [...prefixes, ...places.filter((place) => there.has(`${place}.index`))];
    if (prefix !== undefined) return { prefix, isModel: prefix === model };
    throw new SavedModelError(
      "VARIABLES_NOT_FOUND",
      `${printable(path, 500)} is neither a SavedModel nor a checkpoint on the server`,
      {
        fix: "Pass the folder of a SavedModel, or the prefix of a checkpoint's files, in the file system of the server.",
      },
    );
  }

  *openCheckpoint(prefix: string): Steps<CheckpointReader> {
    const tensors = readCheckpointIndex(yield* this.#readFile(`${prefix}.index`));
    return {
      keys: new Set(tensors.keys()),
      describe: (key) => tensors.get(key),
      verify: (keys) => this.#verify(prefix, keys, tensors),
      bytes: (key) => this.#bytes(prefix, key),
      close: () => {},
    };
  }

  /** Returns those of some paths that exist on the server. */
  *matchingFiles(paths: readonly string[]): Steps<ReadonlySet<string>> {
    addFileOperations(this);
    const [files] = yield* this.run("restore()", { feeds: [[PATHS, stringTensor(paths)]], fetches: [MATCHING] });
    return new Set(stringsOf(files).map((bytes) => Buffer.from(bytes).toString()));
  }

  *#readFile(path: string): Steps<Uint8Array> {
    addFileOperations(this);
    const [file] = yield* this.run("restore()", { feeds: [[PATH, stringTensor(path)]], fetches: [CONTENTS] });
    return itemAt(stringsOf(file), 0);
  }

  *#verify(prefix: string, keys: readonly string[], tensors: ReadonlyMap<string, CheckpointTensor>): Steps<void> {
    const dtypes = keys.flatMap((key) => tensors.get(key)?.dtype ?? []);
    const { feeds, restore } = this.#restore(prefix, keys, dtypes);
    yield* this.run("restore()", { feeds, targets: [restore] });
  }

  *#bytes(prefix: string, key: string): Steps<Uint8Array> {
    const { feeds, restore } = this.#restore(prefix, [key], [dtypeInfo("string").code]);
    const [value] = yield* this.run("restore()", { feeds, fetches: [restore] });
    return itemAt(stringsOf(value), 0);
  }

  /** Adds `RestoreV2(prefix, keys, slices)` to the graph, unless it is there. */
  #restore(
    prefix: string,
    keys: readonly string[],
    dtypes: readonly number[],
  ): { readonly feeds: NonNullable<GraphRun["feeds"]>; readonly restore: string } {
    let place = this.#readers.get(dtypes.join());
    if (place === undefined) {
      place = `savedmodel/read_checkpoint_${this.#readers.size}`;
      this.#readers.set(dtypes.join(), place);
      const inputs = [`${place}/prefix`, `${place}/keys`, `${place}/slices`];
      this.addOperations([
        ...inputs.map(stringPlaceholder),
        { op: "RestoreV2", name: `${place}/restore`, inputs, dtypes: { dtypes } },
      ]);
    }
    return {
      feeds: [
        [`${place}/prefix`, stringTensor(prefix)],
        [`${place}/keys`, stringTensor(keys)],
        [`${place}/slices`, stringTensor(keys.map(() => ""))],
      ],
      restore: `${place}/restore`,
    };
  }
}

const PATH = "savedmodel/files/path";
const PATHS = "savedmodel/files/paths";
const CONTENTS = "savedmodel/files/contents";
const MATCHING = "savedmodel/files/matching";

const addFileOperations = oncePer((graph: ClusterGraph) =>
  graph.addOperations([
    stringPlaceholder(PATH),
    stringPlaceholder(PATHS),
    { op: "ReadFile", name: CONTENTS, inputs: [PATH], dtypes: {} },
    { op: "MatchingFiles", name: MATCHING, inputs: [PATHS], dtypes: {} },
  ]),
);

function stringsOf(tensor: Tensor | undefined): readonly Uint8Array[] {
  const elements = tensor && Tensor.elementsOf(tensor);
  if (elements === undefined || ArrayBuffer.isView(elements)) throw new Error("a file has no strings");
  return elements;
}

/**
 * Rejects a path that would mean another file on the server than to the caller.
 *
 * @throws SavedModelError `INVALID_ARGUMENT`
 */
export function requireServerPath(call: string, path: string): void {
  requireNoPattern(call, path);
  if (/^(\/|\w+:\/\/|[A-Za-z]:[/\\])/.test(path)) return;
  throw new SavedModelError("INVALID_ARGUMENT", `${call}: ${printable(path, 500)} is a relative path`, {
    fix: "Pass an absolute one: the servers read and write it in their own file system.",
  });
}

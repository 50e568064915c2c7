import { itemAt } from "../../base/item-at.js";
import type { Steps } from "../../base/steps.js";
import { compareCodeUnits, quote } from "../../base/text.js";
import type { MismatchedKey, RestoreReport } from "../../engine.js";
import { dtypeName } from "../../tensor/dtype.js";
import { formatShape, matchesShape } from "../../tensor/shape.js";
import { type Assignment, prepareAssignments, type Source } from "./checkpoint/assign.js";
import type { CheckpointReader } from "./checkpoint/checkpoint-reader.js";
import { type Keys, matchMost, OBJECT_GRAPH } from "./checkpoint/match-keys.js";
import type { RestoredTensor, RestoreTarget } from "./checkpoint/restored-tensors.js";
import type { GraphSession } from "./graph-session.js";

/** A variable or table, with all tensors that make it. */
interface Target {
  readonly assignment: Assignment;
  readonly tensors: readonly RestoredTensor[];
}

/** Plan of a partial restore. */
export interface PartialRestore {
  readonly report: RestoreReport;
  /** Assigns the values to the variables and tables. */
  readonly run: (prefix: string) => Steps<void>;
}

/** Compares a model with a checkpoint, and reads what the two have in common. Nothing is changed yet. */
export function* planPartialRestore(
  session: GraphSession,
  tensors: readonly RestoredTensor[],
  objectGraph: Uint8Array | undefined,
  reader: CheckpointReader,
): Steps<PartialRestore> {
  const wanted = tensors.map(({ key }) => key).filter((key) => key !== OBJECT_GRAPH);
  const keys = yield* matchMost(wanted, objectGraph, reader);
  const targets = targetsOf(tensors).filter(({ tensors }) => tensors.every((tensor) => fits(tensor, reader, keys)));
  const restored = new Set(targets.flatMap(({ tensors }) => tensors.map(({ key }) => key)));
  if (restored.size === 0) throw new Error("it has none of the model's variables");
  const used = new Set([...restored].map((key) => keyIn(keys, key)));
  yield* reader.verify([...used]);
  const left = tensors.filter(({ key }) => key !== OBJECT_GRAPH && !restored.has(key));
  const isThere = ({ key }: RestoredTensor): boolean => reader.describe(keyIn(keys, key)) !== undefined;
  const report = {
    restored: sorted(restored),
    missing: sorted(left.filter((tensor) => !isThere(tensor)).map(({ key }) => key)),
    mismatched: left
      .filter((tensor) => isThere(tensor) && !fits(tensor, reader, keys))
      .map((tensor) => mismatch(tensor, reader, keyIn(keys, tensor.key)))
      .sort((a, b) => compareCodeUnits(a.key, b.key)),
    unused: unusedKeys(reader, used),
  };
  const assign = prepareAssignments(
    session,
    targets.map(({ assignment }) => assignment),
  );
  return {
    report,
    run: (prefix) =>
      assign(
        prefix,
        targets.map((target) => sourceOf(target, keys)),
      ),
  };
}

/**
 * Adds operations to the graph that restore all tensors of a model from a checkpoint with other keys.
 *
 * @throws Error when it is not known which variables they belong to
 */
export function prepareRenamed(
  session: GraphSession,
  tensors: readonly RestoredTensor[],
  keys: Keys,
): PartialRestore["run"] {
  const lost = tensors.find(({ key, target }) => key !== OBJECT_GRAPH && target === undefined);
  if (lost !== undefined) throw new Error(`its graph does not tell which variable ${quote(lost.key)} is restored into`);
  const targets = targetsOf(tensors);
  const assign = prepareAssignments(
    session,
    targets.map(({ assignment }) => assignment),
  );
  return (prefix) =>
    assign(
      prefix,
      targets.map((target) => sourceOf(target, keys)),
    );
}

/** The report of a restore that took all that the model restores. */
export function completeReport(
  tensors: readonly RestoredTensor[],
  keys: Keys | undefined,
  reader: CheckpointReader,
): RestoreReport {
  const wanted = tensors.map(({ key }) => key).filter((key) => key !== OBJECT_GRAPH);
  const used = new Set(wanted.map((key) => keyIn(keys, key)));
  return { restored: sorted(wanted), missing: [], mismatched: [], unused: unusedKeys(reader, used) };
}

function targetsOf(tensors: readonly RestoredTensor[]): readonly Target[] {
  const byNode = new Map<string, { readonly tensor: RestoredTensor; readonly target: RestoreTarget }[]>();
  for (const tensor of tensors) {
    const { target } = tensor;
    if (target === undefined) continue;
    byNode.set(target.node, [...(byNode.get(target.node) ?? []), { tensor, target }]);
  }
  return [...byNode].map(([node, parts]) => {
    const { kind } = itemAt(parts, 0).target;
    const inOrder = parts.sort((a, b) => a.target.place - b.target.place).map(({ tensor }) => tensor);
    return { assignment: { node, kind, dtypes: inOrder.map(({ dtype }) => dtype) }, tensors: inOrder };
  });
}

function sourceOf({ tensors }: Target, keys: Keys | undefined): Source {
  return { keys: tensors.map(({ key }) => keyIn(keys, key)), slice: itemAt(tensors, 0).slice };
}

function fits({ key, dtype, shape, slice }: RestoredTensor, reader: CheckpointReader, keys: Keys | undefined): boolean {
  const actual = reader.describe(keyIn(keys, key));
  if (actual?.dtype !== dtype) return false;
  // A slice begins with the shape of the whole.
  if (slice !== "") return slice.startsWith(`${actual.shape.join(" ")} `);
  return matchesShape(actual.shape, shape);
}

function mismatch({ dtype, shape, slice }: RestoredTensor, reader: CheckpointReader, key: string): MismatchedKey {
  const actual = reader.describe(key);
  const whole = slice === "" ? shape : slice.split(" ").slice(0, -1).map(Number);
  return {
    key,
    expected: `${dtypeName(dtype)} ${formatShape(whole)}`,
    actual: actual === undefined ? "" : `${dtypeName(actual.dtype)} ${formatShape(actual.shape)}`,
  };
}

function unusedKeys(reader: CheckpointReader, used: ReadonlySet<string>): readonly string[] {
  return sorted([...reader.keys].filter((key) => key !== OBJECT_GRAPH && !used.has(key)));
}

function keyIn(keys: Keys | undefined, key: string): string {
  return keys === undefined ? key : (keys.get(key) ?? "");
}

function sorted(keys: Iterable<string>): readonly string[] {
  return [...new Set(keys)].sort(compareCodeUnits);
}

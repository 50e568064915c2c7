import { oncePer } from "../../../base/once.js";
import type { Steps } from "../../../base/steps.js";
import type { GraphSession } from "../graph-session.js";
import { stringPlaceholder, stringTensor } from "../string-feeds.js";

/** A tensor that is copied from one checkpoint to another. */
interface TensorCopy {
  /** The key in the checkpoint that is read. */
  readonly read: string;
  /** The key in the one that is written. */
  readonly written: string;
  /** TensorFlow's number of it. */
  readonly dtype: number;
}

/** Names of the copying operations, by the dtypes of the tensors, which are an attribute of them. */
const placesOf = oncePer((_: GraphSession) => new Map<string, string>());

/** Writes tensors of a checkpoint to another. Those that are there in slices are written whole. */
export function* copyTensors(
  session: GraphSession,
  copies: readonly TensorCopy[],
  from: string,
  to: string,
): Steps<void> {
  const places = placesOf(session);
  const dtypes = copies.map(({ dtype }) => dtype);
  let place = places.get(dtypes.join());
  if (place === undefined) {
    place = `savedmodel/copy_tensors_${places.size}`;
    addCopy(session, place, dtypes);
    places.set(dtypes.join(), place);
  }
  const feeds = [
    [`${place}/from`, stringTensor(from)],
    [`${place}/to`, stringTensor(to)],
    [`${place}/read`, stringTensor(copies.map(({ read }) => read))],
    [`${place}/written`, stringTensor(copies.map(({ written }) => written))],
    [`${place}/slices`, stringTensor(copies.map(() => ""))],
  ] as const;
  yield* session.run("copy()", { feeds, targets: [`${place}/save`] });
}

/** Adds `SaveV2(to, written, slices, RestoreV2(from, read, slices))` to the graph. */
function addCopy(session: GraphSession, place: string, dtypes: readonly number[]): void {
  const inputs = (...names: readonly string[]): readonly string[] => names.map((name) => `${place}/${name}`);
  const restored = dtypes.map((_, index) => `${place}/restore:${index}`);
  session.addOperations([
    ...inputs("from", "to", "read", "written", "slices").map(stringPlaceholder),
    { op: "RestoreV2", name: `${place}/restore`, inputs: inputs("from", "read", "slices"), dtypes: { dtypes } },
    {
      op: "SaveV2",
      name: `${place}/save`,
      inputs: [...inputs("to", "written", "slices"), restored],
      dtypes: { dtypes },
    },
  ]);
}

import { oncePer } from "../../../base/once.js";
import type { Steps } from "../../../base/steps.js";
import type { GraphSession } from "../graph-session.js";
import { stringPlaceholder, stringTensor } from "../string-feeds.js";

const PLACE = "savedmodel/merge_checkpoints";
const [FROM, TO, MERGE] = [`${PLACE}/from`, `${PLACE}/to`, `${PLACE}/merge`];

/** Makes one checkpoint of several whose keys differ. Their files become its shards: no value is read. */
export function* mergeCheckpoints(session: GraphSession, from: readonly string[], to: string): Steps<void> {
  addMerge(session);
  const feeds = [
    [FROM, stringTensor(from)],
    [TO, stringTensor(to)],
  ] as const;
  yield* session.run("merge()", { feeds, targets: [MERGE] });
}

/** Adds `MergeV2Checkpoints(from, to)` to the graph. */
const addMerge = oncePer((session: GraphSession) =>
  session.addOperations([
    stringPlaceholder(FROM),
    stringPlaceholder(TO),
    { op: "MergeV2Checkpoints", name: MERGE, inputs: [FROM, TO], dtypes: {} },
  ]),
);

import { dtypeInfo } from "../../../tensor/dtype.js";
import type { Pointer } from "../../local/native/c-functions.js";
import type { Session } from "../../local/session.js";
import { addOperation, firstOutput } from "../add-operation.js";
import { FileCall } from "../file-call.js";

const PLACE = "savedmodel/merge_checkpoints";
const calls = new WeakMap<Session, FileCall>();

/** Makes one checkpoint of several whose keys differ. Their files become its shards: no value is read. */
export function mergeCheckpoints(session: Session, from: readonly string[], to: string): void {
  let call = calls.get(session);
  if (call === undefined) {
    call = prepare(session);
    calls.set(session, call);
  }
  call.run([from, to], "tensors");
}

/** Adds `MergeV2Checkpoints(from, to)` to the graph. */
function prepare(session: Session): FileCall {
  const { api } = session;
  const placeholder = (name: string): Pointer =>
    addOperation(session, "Placeholder", `${PLACE}/${name}`, (description) =>
      api.TF_SetAttrType(description, "dtype", dtypeInfo("string").code),
    );
  const [from, to] = [placeholder("from"), placeholder("to")];
  const merge = addOperation(session, "MergeV2Checkpoints", `${PLACE}/merge`, (description) => {
    for (const input of [from, to]) api.TF_AddInput(description, firstOutput(input));
  });
  // A call needs something to fetch.
  addOperation(session, "Identity", `${PLACE}/done`, (description) => {
    api.TF_AddInput(description, firstOutput(to));
    api.TF_AddControlInput(description, merge);
  });
  return new FileCall(
    session,
    "merge",
    [
      { key: "from", dtype: "string", shape: [null], tensor: `${PLACE}/from` },
      { key: "to", dtype: "string", shape: [], tensor: `${PLACE}/to` },
    ],
    [{ key: "done", dtype: "string", shape: [], tensor: `${PLACE}/done` }],
  );
}

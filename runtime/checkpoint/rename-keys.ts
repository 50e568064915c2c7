import { addOperation, firstOutput } from "../add-operation.js";
import { PreparedCall } from "../call/prepared-call.js";
import { dtypeInfo } from "../dtype.js";
import type { Pointer } from "../native/ffi.js";
import type { Session } from "../session.js";
import type { Keys } from "./match.js";
import type { RestoredTensor } from "./restored-tensors.js";

const PLACE = "savedmodel/rename_keys";
const calls = new WeakMap<Session, PreparedCall>();

/**
 * Writes a checkpoint again under the keys that a model restores: those are constants of its graph.
 *
 * @param tensors what the model restores, the same in all calls for one session
 */
export function renameKeys(
  session: Session,
  tensors: readonly RestoredTensor[],
  keys: Keys,
  from: string,
  to: string,
): void {
  let call = calls.get(session);
  if (call === undefined) {
    call = prepare(
      session,
      Int32Array.from(tensors, ({ dtype }) => dtype),
    );
    calls.set(session, call);
  }
  const names = tensors.map(({ key }) => key);
  const slices = names.map(() => "");
  call.run([from, to, names.map((key) => keys.get(key) ?? key), names, slices], "tensors");
}

/** Adds `SaveV2(to, written, slices, RestoreV2(from, read, slices))` to the graph. */
function prepare(session: Session, dtypes: Int32Array): PreparedCall {
  const { api } = session;
  const placeholder = (name: string): Pointer =>
    addOperation(session, "Placeholder", `${PLACE}/${name}`, (description) =>
      api.TF_SetAttrType(description, "dtype", dtypeInfo("string").code),
    );
  const [from, to] = [placeholder("from"), placeholder("to")];
  const [read, written, slices] = [placeholder("read"), placeholder("written"), placeholder("slices")];
  const restore = addOperation(session, "RestoreV2", `${PLACE}/restore`, (description) => {
    for (const input of [from, read, slices]) api.TF_AddInput(description, firstOutput(input));
    api.TF_SetAttrTypeList(description, "dtypes", dtypes, dtypes.length);
  });
  const save = addOperation(session, "SaveV2", `${PLACE}/save`, (description) => {
    for (const input of [to, written, slices]) api.TF_AddInput(description, firstOutput(input));
    // TF_Output[]: each is an operation and the number of one of its outputs.
    const values = BigUint64Array.from({ length: 2 * dtypes.length }, (_, place) =>
      place % 2 === 0 ? restore : BigInt(place >> 1),
    );
    api.TF_AddInputList(description, values, dtypes.length);
  });
  // A call needs something to fetch.
  addOperation(session, "Identity", `${PLACE}/done`, (description) => {
    api.TF_AddInput(description, firstOutput(to));
    api.TF_AddControlInput(description, save);
  });
  const text = { dtype: "string", shape: [] };
  const texts = { dtype: "string", shape: [null] };
  return new PreparedCall(
    session,
    "restore",
    [
      { key: "from", ...text, tensor: `${PLACE}/from` },
      { key: "to", ...text, tensor: `${PLACE}/to` },
      { key: "read", ...texts, tensor: `${PLACE}/read` },
      { key: "written", ...texts, tensor: `${PLACE}/written` },
      { key: "slices", ...texts, tensor: `${PLACE}/slices` },
    ],
    [{ key: "done", ...text, tensor: `${PLACE}/done` }],
  );
}

import { dtypeInfo } from "../../../tensor/dtype.js";
import type { Pointer } from "../../local/native/c-functions.js";
import type { Session } from "../../local/session.js";
import { addOperation, firstOutput } from "../add-operation.js";
import { FileCall } from "../file-call.js";

/** A tensor that is copied from one checkpoint to another. */
interface TensorCopy {
  /** The key in the checkpoint that is read. */
  readonly read: string;
  /** The key in the one that is written. */
  readonly written: string;
  /** TensorFlow's number of it. */
  readonly dtype: number;
}

const TEXT = { dtype: "string", shape: [] };
const TEXTS = { dtype: "string", shape: [null] };

/** The calls of a session by the dtypes of the tensors, which are an attribute of the operations. */
const calls = new WeakMap<Session, Map<string, FileCall>>();

/** Writes tensors of a checkpoint to another. Those that are there in slices are written whole. */
export function copyTensors(session: Session, copies: readonly TensorCopy[], from: string, to: string): void {
  const known = calls.get(session) ?? new Map<string, FileCall>();
  calls.set(session, known);
  const dtypes = Int32Array.from(copies, ({ dtype }) => dtype);
  let call = known.get(dtypes.join());
  if (call === undefined) {
    call = prepare(session, `savedmodel/copy_tensors_${known.size}`, dtypes);
    known.set(dtypes.join(), call);
  }
  const slices = copies.map(() => "");
  const [read, written] = [copies.map((copy) => copy.read), copies.map((copy) => copy.written)];
  call.run([from, to, read, written, slices], "tensors");
}

/** Adds `SaveV2(to, written, slices, RestoreV2(from, read, slices))` to the graph. */
function prepare(session: Session, place: string, dtypes: Int32Array): FileCall {
  const { api } = session;
  const placeholder = (name: string): Pointer =>
    addOperation(session, "Placeholder", `${place}/${name}`, (description) =>
      api.TF_SetAttrType(description, "dtype", dtypeInfo("string").code),
    );
  const [from, to] = [placeholder("from"), placeholder("to")];
  const [read, written, slices] = [placeholder("read"), placeholder("written"), placeholder("slices")];
  const restore = addOperation(session, "RestoreV2", `${place}/restore`, (description) => {
    for (const input of [from, read, slices]) api.TF_AddInput(description, firstOutput(input));
    api.TF_SetAttrTypeList(description, "dtypes", dtypes, dtypes.length);
  });
  const save = addOperation(session, "SaveV2", `${place}/save`, (description) => {
    for (const input of [to, written, slices]) api.TF_AddInput(description, firstOutput(input));
    // TF_Output[]: each is an operation and the number of one of its outputs.
    const values = BigUint64Array.from({ length: 2 * dtypes.length }, (_, place) =>
      place % 2 === 0 ? restore : BigInt(place >> 1),
    );
    api.TF_AddInputList(description, values, dtypes.length);
  });
  // A call needs something to fetch.
  addOperation(session, "Identity", `${place}/done`, (description) => {
    api.TF_AddInput(description, firstOutput(to));
    api.TF_AddControlInput(description, save);
  });
  return new FileCall(
    session,
    "copy",
    [
      { key: "from", ...TEXT, tensor: `${place}/from` },
      { key: "to", ...TEXT, tensor: `${place}/to` },
      { key: "read", ...TEXTS, tensor: `${place}/read` },
      { key: "written", ...TEXTS, tensor: `${place}/written` },
      { key: "slices", ...TEXTS, tensor: `${place}/slices` },
    ],
    [{ key: "done", ...TEXT, tensor: `${place}/done` }],
  );
}

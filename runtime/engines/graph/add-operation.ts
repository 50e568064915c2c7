import { nonNull } from "../local/native/c-api.js";
import type { Pointer } from "../local/native/c-functions.js";
import { withStatus } from "../local/native/status.js";
import type { Session } from "../local/session.js";

/** The first output of an operation, as an input of another. */
export function firstOutput(oper: Pointer): { readonly oper: Pointer; readonly index: number } {
  return { oper, index: 0 };
}

/**
 * Adds an operation to a loaded graph; what was there is not changed.
 *
 * @param name must be new to the graph
 * @param describe gives it its inputs and attributes
 */
export function addOperation(
  session: Session,
  type: string,
  name: string,
  describe: (description: Pointer) => void,
): Pointer {
  const { api } = session;
  const description = session.newOperation(type, name);
  describe(description);
  return nonNull(
    withStatus(api, (status) => api.TF_FinishOperation(description, status)),
    "operation",
  );
}

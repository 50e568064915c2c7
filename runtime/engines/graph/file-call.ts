import { PreparedCall } from "../../call/prepared-call.js";

/** A call that reads variables and writes files: it may run beside calls that read variables. */
export class FileCall extends PreparedCall {
  override get writes(): boolean {
    return false;
  }
}

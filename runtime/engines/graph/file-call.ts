export { SessionCall as FileCall } from "../local/run/session-call.js";

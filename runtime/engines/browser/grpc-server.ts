import { SavedModelError } from "../../base/errors.js";

/**
 * Takes the place of the protocols over gRPC in browsers, whose `fetch` cannot speak it.
 *
 * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`
 */
export function kserveGrpc(call: string): never {
  throw new SavedModelError("UNSUPPORTED_BY_ENGINE", `${call}: a browser cannot connect to a grpc:// address`, {
    fix: "Use the server's http:// or https:// address.",
  });
}

export { kserveGrpc as servingGrpc };

import { SavedModelError } from "../../base/errors.js";

/** Takes the place of the engine on TensorFlow's distributed runtime in browsers, which cannot speak gRPC. */
export class ClusterEngine {
  /** @throws SavedModelError `UNSUPPORTED_BY_ENGINE` */
  constructor() {
    throw new SavedModelError("UNSUPPORTED_BY_ENGINE", "cluster(): a browser cannot connect to a grpc:// address", {
      fix: "Connect to a server with an http:// address: `connect(kserve({ … }))` or `connect(serving({ … }))`.",
    });
  }
}

import { SavedModelError } from "../../base/errors.js";
import type { Engine } from "../../engine.js";

/**
 * Takes the place of the local engine in browsers.
 *
 * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`
 */
export function loadLocalEngine(): Engine {
  throw unavailable();
}

/** The same, as a promise. */
export async function loadLocalEngineAsync(): Promise<Engine> {
  throw unavailable();
}

function unavailable(): SavedModelError {
  return new SavedModelError("UNSUPPORTED_BY_ENGINE", "load(): a browser cannot load a model", {
    fix: "Connect to a server: `connect(kserve({ … }))` or `connect(serving({ … }))`.",
  });
}

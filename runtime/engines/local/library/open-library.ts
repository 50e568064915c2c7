import { SavedModelError } from "../../../base/errors.js";
import { loadKoffi } from "./koffi.js";
import { LIBRARY_VARIABLE, searchLibrary } from "./library-search.js";
import { loadCandidate, type NativeLibrary } from "./load-library.js";
import { currentPlatform } from "./platform.js";
import { requireInstructions } from "./processor.js";

export type { NativeLibrary } from "./load-library.js";

let opened: NativeLibrary | undefined;

/**
 * Returns the TensorFlow library of this process: at the first call the first one of the search that loads, then the
 * same. A failure is not remembered, so a library that is installed meanwhile is found.
 *
 * @throws SavedModelError `LIBRARY_NOT_FOUND` when no place has a library that loads, `LIBRARY_INVALID` when the one that
 *   `SAVEDMODEL_TENSORFLOW` names does not load, `UNSUPPORTED_PLATFORM`.
 */
export function openLibrary(): NativeLibrary {
  opened ??= openFirst();
  return opened;
}

const CORRECT_VARIABLE = `Point ${LIBRARY_VARIABLE} at a file or folder with the TensorFlow library, or unset it.`;

function openFirst(): NativeLibrary {
  // Without it no library loads, and no library is to blame.
  loadKoffi();
  const looked: string[] = [];
  for (const answer of searchLibrary(currentPlatform())) {
    if (answer.required && answer.reason !== undefined) {
      throw new SavedModelError("LIBRARY_NOT_FOUND", answer.reason, {
        fix: CORRECT_VARIABLE,
      });
    }
    const reasons = answer.reason === undefined ? [] : [answer.reason];
    for (const candidate of answer.candidates) {
      // What the user names may be built for any processor.
      if (!answer.required) requireInstructions();
      try {
        // `install` has loaded the libraries of the cache with every function resolved, and a package has the size that it
        // was published with.
        return loadCandidate(candidate, candidate.place === "cache" || candidate.place === "package");
      } catch (error) {
        if (!(error instanceof SavedModelError)) throw error;
        if (answer.required)
          throw new SavedModelError(error.code, error.rawMessage, { fix: CORRECT_VARIABLE, cause: error });
        reasons.push(error.rawMessage);
      }
    }
    looked.push(`${answer.place}: ${reasons.join(", ")}`);
  }
  throw new SavedModelError("LIBRARY_NOT_FOUND", `no TensorFlow library was found (looked in: ${looked.join("; ")})`, {
    fix: "Run `npx savedmodel install`.",
  });
}

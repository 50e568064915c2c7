import { SavedModelError } from "../../runtime/base/errors.js";
import { loadCandidate } from "../../runtime/engines/local/library/load-library.js";

// Run by check.ts in a separate process: `probe.js <main> [<framework>]` loads the library and prints the result.
const [main = "", framework] = process.argv.slice(2);
try {
  const { version } = loadCandidate({ place: "environment", main, framework }, false);
  console.log(JSON.stringify({ version }));
} catch (error) {
  console.log(JSON.stringify({ reason: error instanceof SavedModelError ? error.rawMessage : String(error) }));
}

import { SavedModelError } from "../../runtime/base/errors.js";
import { loadCandidate } from "../../runtime/engines/local/library/load-library.js";

// Run by check.ts in a process of its own: `probe.js <main> [<framework>]` loads the library and prints what came of it.
const [main = "", framework] = process.argv.slice(2);
try {
  const { version } = loadCandidate({ place: "environment", main, framework }, false);
  console.log(JSON.stringify({ version }));
} catch (error) {
  console.log(JSON.stringify({ reason: error instanceof SavedModelError ? error.rawMessage : String(error) }));
}

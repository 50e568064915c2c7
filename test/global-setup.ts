import { progressLines } from "../generator/cli/progress.js";
import { installLibrary } from "../generator/library/install.js";
import { LIBRARY_VARIABLE } from "../runtime/library/search.js";

/** Every test that needs TensorFlow's library finds it: on a fresh machine it is installed first, as a user would. */
export async function setup(): Promise<void> {
  if (process.env[LIBRARY_VARIABLE]) return;
  await installLibrary({ onProgress: progressLines().show });
}

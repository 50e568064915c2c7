import type { TestProject } from "vitest/node";
import { progressLines } from "../generator/cli/ui/progress-bar.js";
import { installLibrary } from "../generator/library/install-library.js";
import { LIBRARY_VARIABLE } from "../runtime/engines/local/library/library-search.js";
import { tellSkips } from "./skips.js";

/**
 * Every test that needs TensorFlow's library finds it: on a fresh machine it is installed first, as a user would. What is
 * returned runs after all tests, whichever reporters there are.
 */
export async function setup(project: TestProject): Promise<() => void> {
  if (!process.env[LIBRARY_VARIABLE]) await installLibrary({ onProgress: progressLines().show });
  return () => tellSkips(project);
}

import type { PluginBuild } from "esbuild";
import { reasonOf } from "../../runtime/base/text.js";
import type { Clients } from "./clients.js";
import { EXTERNAL } from "./native-external.js";

/**
 * Registers the hooks. esbuild does not tell whether it watches: clients are kept up to date until it is done. An error
 * fails the first build; a later one uses the last good clients, or it would not try again when the model is fixed.
 */
export function esbuildSetup(build: PluginBuild, clients: Clients): void {
  const root = build.initialOptions.absWorkingDir ?? process.cwd();
  let isFirst = true;
  build.onStart(async () => {
    try {
      await clients.generate(root);
    } catch (error) {
      if (isFirst) throw error;
      return { warnings: [{ text: reasonOf(error) }] };
    }
    isFirst = false;
    await clients.watch(root, console.error);
    return null;
  });
  build.onResolve({ filter: EXTERNAL }, ({ path }) => ({ path, external: true }));
  build.onDispose(() => clients.stop());
}

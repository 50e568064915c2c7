import type { Plugin, ResolvedConfig } from "vite";
import type { Clients } from "./clients.js";
import { EXTERNAL, PACKAGES } from "./native-external.js";

export function viteHooks(clients: Clients): Partial<Plugin> {
  let resolved: ResolvedConfig | undefined;
  return {
    config: () => ({ ssr: { external: [...PACKAGES] }, optimizeDeps: { exclude: [...PACKAGES] } }),
    configResolved(config) {
      resolved = config;
    },
    buildStart: {
      // Other plugins may read the clients when the build starts.
      order: "pre",
      sequential: true,
      async handler() {
        const root = resolved?.root ?? process.cwd();
        // A server that watches nothing ends by itself, as for a test run.
        const isServer = resolved?.command === "serve";
        const isWatching = this.meta.watchMode && !(isServer && resolved?.server.watch === null);
        if (!isWatching) await clients.generate(root);
        else await clients.watch(root, (message) => resolved?.logger.error(message));
      },
    },
    resolveId: {
      order: "pre",
      // A server has its own list of externals, and Vitest would search for a module of this name.
      handler: (id, _importer, { ssr }) =>
        resolved?.command === "build" && ssr === true && EXTERNAL.test(id) ? { id, external: true } : null,
    },
    closeBundle() {
      // A watching build continues after each bundle.
      if (resolved?.command === "serve") clients.stop();
    },
    closeWatcher: () => clients.stop(),
  };
}

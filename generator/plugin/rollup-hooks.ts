import type { Plugin } from "rollup";
import type { Clients } from "./clients.js";
import { EXTERNAL } from "./native-external.js";

export function rollupHooks(clients: Clients): Partial<Plugin> {
  return {
    buildStart: {
      // Plugins that compile TypeScript read the clients when the build starts: their hooks have to wait.
      order: "pre",
      sequential: true,
      async handler() {
        if (this.meta.watchMode) await clients.watch(process.cwd(), console.error);
        else await clients.generate(process.cwd());
      },
    },
    // Before plugins that would resolve it to a file.
    resolveId: { order: "pre", handler: (id) => (EXTERNAL.test(id) ? { id, external: true } : null) },
    closeWatcher: () => clients.stop(),
  };
}

import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const source = (path: string): string => new URL(path, import.meta.url).pathname;

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Generated code imports the package by its name; the tests run it on the sources.
    alias: [
      { find: /^savedmodel$/, replacement: source("runtime/index.ts") },
      { find: /^savedmodel\/data$/, replacement: source("runtime/data/index.ts") },
      { find: /^savedmodel\/(cluster|kserve|serving)$/, replacement: source("runtime/engines/$1/index.ts") },
      { find: /^savedmodel\/generator$/, replacement: source("generator/index.ts") },
      { find: /^savedmodel\/(vite|rollup|webpack|rspack|esbuild)$/, replacement: source("generator/plugin/$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    // Each file gets a process of its own: the native library is loaded once per process and cannot be unloaded.
    pool: "forks",
    // Much of the time a file waits for processes that it has started; by default one core less is used.
    maxWorkers: availableParallelism(),
    // `--allowOnly` runs a part of a file. Where the linter takes our `fit` for a focused test, this alone notices one.
    allowOnly: false,
    // They end what hangs, also on a machine that is slow and busy; no test is about time.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
});

export default config;

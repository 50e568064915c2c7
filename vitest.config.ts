import { defineConfig, type ViteUserConfig } from "vitest/config";

const source = (path: string): string => new URL(path, import.meta.url).pathname;

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Generated code imports the package by its name; the tests run it on the sources.
    alias: [
      { find: /^savedmodel$/, replacement: source("runtime/index.ts") },
      { find: /^savedmodel\/data$/, replacement: source("runtime/data/index.ts") },
      { find: /^savedmodel\/generator$/, replacement: source("generator/index.ts") },
      { find: /^savedmodel\/(vite|rollup|webpack|rspack|esbuild)$/, replacement: source("generator/plugin/$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    // Each file gets a process of its own: the native library is loaded once per process and cannot be unloaded.
    pool: "forks",
    // They end what hangs, also on a machine that is slow and busy; no test is about time.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
});

export default config;

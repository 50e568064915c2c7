import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rspack } from "@rspack/core";
import * as esbuild from "esbuild";
import { watch } from "rollup";
import { savedmodel as esbuildPlugin } from "savedmodel/esbuild";
import { savedmodel as rollupPlugin } from "savedmodel/rollup";
import { savedmodel as rspackPlugin } from "savedmodel/rspack";
import { savedmodel as vitePlugin } from "savedmodel/vite";
import { savedmodel as webpackPlugin } from "savedmodel/webpack";
import * as vite from "vite";
import { webpack } from "webpack";
import type { App } from "./app.js";
import { rspackConfig, typescript, webpackConfig } from "./bundlers.js";

/** A bundler that watches. */
interface Watching {
  /** The code of the client as the bundler has it now; nothing before it has built. */
  readonly code: () => Promise<string>;
  readonly close: () => Promise<unknown>;
}

export type Watch = (app: App) => Promise<Watching>;

const options = { models: ["models/*"] };

const watchVite: Watch = async ({ root }) => {
  const server = await vite.createServer({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [vitePlugin(options)],
    server: { middlewareMode: true, ws: false },
  });
  await server.environments.ssr.pluginContainer.buildStart();
  const code = async (): Promise<string> =>
    (await server.environments.ssr.transformRequest("/generated/regression.ts"))?.code ?? "";
  return { code, close: () => server.close() };
};

const watchRollup: Watch = async ({ root, entry }) => {
  const output = { dir: join(root, "dist") };
  const watcher = watch({ input: entry, plugins: [typescript, rollupPlugin(options)], output });
  return { code: async () => bundleOf(root), close: () => watcher.close() };
};

const watchEsbuild: Watch = async ({ root, entry }) => {
  const context = await esbuild.context({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: "dist",
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
    plugins: [esbuildPlugin(options)],
  });
  await context.watch();
  return { code: async () => bundleOf(root), close: () => context.dispose() };
};

const quiet = { infrastructureLogging: { level: "none" } } as const;

const watchWebpack: Watch = async (app) => {
  const compiler = webpack({ ...webpackConfig(app, "esm"), ...quiet, plugins: [webpackPlugin(options)] });
  return watchCompiler(app, compiler);
};

const watchRspack: Watch = async (app) => {
  const compiler = rspack({ ...rspackConfig(app, "esm"), ...quiet, plugins: [rspackPlugin(options)] });
  return watchCompiler(app, compiler);
};

/** The part of a webpack or Rspack compiler that is used. */
interface CompilerLike {
  watch(options: object, done: () => void): { close(done: () => void): void } | undefined;
}

function watchCompiler({ root }: App, compiler: CompilerLike): Watching {
  const watching = compiler.watch({}, () => {});
  return {
    code: async () => bundleOf(root),
    close: () => new Promise<void>((resolve) => watching?.close(() => resolve())),
  };
}

function bundleOf(root: string): string {
  const file = join(root, "dist/main.js");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

export const watchers: Readonly<Record<string, Watch>> = {
  vite: watchVite,
  rollup: watchRollup,
  esbuild: watchEsbuild,
  webpack: watchWebpack,
  rspack: watchRspack,
};

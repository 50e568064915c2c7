import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Configuration as RspackConfiguration, rspack } from "@rspack/core";
import * as esbuild from "esbuild";
import { type Plugin as RollupPlugin, rollup } from "rollup";
import { savedmodel as esbuildPlugin, type PluginOptions } from "savedmodel/esbuild";
import { savedmodel as rollupPlugin } from "savedmodel/rollup";
import { savedmodel as rspackPlugin } from "savedmodel/rspack";
import { savedmodel as vitePlugin } from "savedmodel/vite";
import { savedmodel as webpackPlugin } from "savedmodel/webpack";
import * as vite from "vite";
import { type Configuration as WebpackConfiguration, webpack } from "webpack";
import type { App } from "./app.js";

/** The formats of a bundle for Node. */
export type Format = "esm" | "cjs";

/** Builds `dist/main.js`, or `dist/main.cjs`; rejects when the build fails. */
export type Build = (app: App, options: PluginOptions | undefined, format: Format) => Promise<unknown>;

export function fileOf(format: Format): string {
  return format === "esm" ? "main.js" : "main.cjs";
}

/** TypeScript for Rollup, which has none. */
export const typescript: RollupPlugin = {
  name: "typescript",
  resolveId: (id, importer) =>
    importer !== undefined && id.startsWith(".") ? `${join(importer, "..", id.replace(/\.js$/, ""))}.ts` : null,
  transform: async (code) => (await esbuild.transform(code, { loader: "ts" })).code,
};

const buildRollup: Build = async ({ root, entry }, options, format) => {
  const bundle = await rollup({ input: entry, plugins: [typescript, rollupPlugin(options)] });
  await bundle.write({ format, file: join(root, "dist", fileOf(format)) });
  await bundle.close();
};

const buildVite: Build = async ({ root, entry }, options, format) => {
  await vite.build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [vitePlugin(options)],
    // The hardest case: all that can be bundled is.
    ssr: { noExternal: true },
    build: { ssr: entry, rollupOptions: { output: { format, entryFileNames: fileOf(format) } } },
  });
};

const buildEsbuild: Build = async ({ root, entry }, options, format) => {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(root, "dist", fileOf(format)),
    bundle: true,
    platform: "node",
    format,
    logLevel: "silent",
    plugins: [esbuildPlugin(options)],
  });
};

const buildWebpack: Build = async (app, options, format) => {
  await runCompiler(webpack({ ...webpackConfig(app, format), plugins: [webpackPlugin(options)] }));
};

const buildRspack: Build = async (app, options, format) => {
  await runCompiler(rspack({ ...rspackConfig(app, format), plugins: [rspackPlugin(options)] }));
};

export function webpackConfig(app: App, format: Format): WebpackConfiguration {
  const loader = fileURLToPath(new URL("./strip-types.cjs", import.meta.url));
  return {
    ...compilerConfig(app, format),
    experiments: { outputModule: format === "esm" },
    module: { rules: [{ test: /\.ts$/, loader }] },
  };
}

export function rspackConfig(app: App, format: Format): RspackConfiguration {
  const options = { jsc: { parser: { syntax: "typescript" } } };
  return {
    ...compilerConfig(app, format),
    module: { rules: [{ test: /\.ts$/, loader: "builtin:swc-loader", options }] },
  };
}

/** The common settings of webpack and Rspack. */
function compilerConfig({ root, entry }: App, format: Format): WebpackConfiguration & RspackConfiguration {
  const isModule = format === "esm";
  return {
    context: root,
    entry,
    target: "node",
    mode: "production",
    infrastructureLogging: { level: "error" },
    output: {
      path: join(root, "dist"),
      filename: fileOf(format),
      module: isModule,
      chunkFormat: isModule ? "module" : "commonjs",
    },
    resolve: { extensions: [".ts", ".js"] },
  };
}

/** A compiler of either. */
interface CompilerLike {
  run(done: (error: Error | null, stats?: StatsLike) => void): unknown;
  close(done: () => void): void;
}

interface StatsLike {
  hasErrors(): boolean;
  toString(): string;
}

async function runCompiler(compiler: CompilerLike): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error) reject(error);
      else resolve(stats?.hasErrors() ? stats.toString() : "");
    });
  });
  await new Promise<void>((resolve) => compiler.close(resolve));
  if (text !== "") throw new Error(text);
}

/** A real build by each bundler. */
export const bundlers: Readonly<Record<string, Build>> = {
  vite: buildVite,
  rollup: buildRollup,
  esbuild: buildEsbuild,
  webpack: buildWebpack,
  rspack: buildRspack,
};

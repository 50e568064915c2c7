import { join } from "node:path";
import { type Compiler, type Configuration, rspack } from "@rspack/core";
import * as esbuild from "esbuild";
import { type Plugin as RollupPlugin, rollup } from "rollup";
import { savedmodel as esbuildPlugin, type PluginOptions } from "savedmodel/esbuild";
import { savedmodel as rollupPlugin } from "savedmodel/rollup";
import { savedmodel as rspackPlugin } from "savedmodel/rspack";
import { savedmodel as vitePlugin } from "savedmodel/vite";
import * as vite from "vite";
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

const buildRspack: Build = async (app, options, format) => {
  const compiler = rspack({ ...rspackConfig(app, format), plugins: [rspackPlugin(options)] });
  await runCompiler(compiler);
};

export function rspackConfig({ root, entry }: App, format: Format): Configuration {
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
    module: {
      rules: [{ test: /\.ts$/, loader: "builtin:swc-loader", options: { jsc: { parser: { syntax: "typescript" } } } }],
    },
  };
}

async function runCompiler(compiler: Compiler): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error) reject(error);
      else resolve(stats?.hasErrors() ? stats.toString() : "");
    });
  });
  await new Promise((resolve) => compiler.close(resolve));
  if (text !== "") throw new Error(text);
}

/** A real build by each bundler. */
export const bundlers: Readonly<Record<string, Build>> = {
  vite: buildVite,
  rollup: buildRollup,
  esbuild: buildEsbuild,
  rspack: buildRspack,
};

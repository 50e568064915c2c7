/**
 * The plugin objects as every version of a bundler accepts them. They are described here, not imported from the bundlers:
 * a package that names its bundlers as optional peers makes package managers keep them in production installs.
 */

/** A plugin for Vite or Rollup. */
export type RollupPlugin = { readonly name: string };

/** A plugin for esbuild. */
export type EsbuildPlugin = {
  readonly name: string;
  /** Called by esbuild when a build is created. */
  setup(build: object): void;
};

/** A plugin for webpack or Rspack. An alias: an interface would not be assignable to their own types. */
export type CompilerPlugin = {
  /** Called by the compiler when it is created. */
  apply(compiler: object): void;
};

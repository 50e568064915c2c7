import type { Clients } from "./clients.js";
import { EXTERNAL } from "./native-external.js";

const NAME = "savedmodel";

interface AsyncHook {
  tapPromise(name: string, run: () => Promise<void>): void;
}

interface SyncHook {
  tap(name: string, run: () => void): void;
}

/** The members of a compiler that are used, which webpack and Rspack share. */
export interface CompilerLike {
  readonly context: string;
  readonly options: { readonly output: { readonly module?: boolean | undefined } };
  readonly hooks: {
    readonly beforeRun: AsyncHook;
    readonly watchRun: AsyncHook;
    readonly watchClose: SyncHook;
    readonly shutdown: AsyncHook;
  };
  readonly webpack: {
    readonly ExternalsPlugin: new (type: "module" | "commonjs", externals: RegExp) => { apply(compiler: never): void };
  };
  getInfrastructureLogger(name: string): { error(message: string): void };
}

export function applyToCompiler(compiler: CompilerLike, clients: Clients): void {
  const { context, hooks, options, webpack } = compiler;
  const logger = compiler.getInfrastructureLogger(NAME);
  hooks.beforeRun.tapPromise(NAME, () => clients.generate(context));
  hooks.watchRun.tapPromise(NAME, () => clients.watch(context, (message) => logger.error(message)));
  hooks.watchClose.tap(NAME, () => clients.stop());
  hooks.shutdown.tapPromise(NAME, async () => clients.stop());
  const type = options.output.module === true ? "module" : "commonjs";
  new webpack.ExternalsPlugin(type, EXTERNAL).apply(compiler as never);
}

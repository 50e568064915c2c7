import { SavedModelError } from "../../runtime/base/errors.js";
import { reasonOf } from "../../runtime/base/text.js";
import type { Config } from "../config/config.js";
import type { WatchOptions } from "../watch/watch-project.js";
import { type PluginOptions, type Source, sourceOf } from "./plugin-options.js";

/** The clients of a project for a build: generated before it starts, and kept up to date while it watches. */
export class Clients {
  readonly #source: Source;
  #background: { readonly ready: Promise<void>; readonly controller: AbortController } | undefined;

  /** @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT` */
  constructor(options: PluginOptions = {}) {
    this.#source = sourceOf(options);
  }

  /**
   * Generates all clients, or none.
   *
   * @param folder the project's folder
   * @throws SavedModelError
   */
  async generate(folder: string): Promise<void> {
    const { config, root } = await this.#load(folder);
    // ts-morph is loaded when a build starts, not with the bundler's configuration.
    const { generateProject } = await import("../project/project.js");
    const { writeProject } = await import("../project/write-project.js");
    writeProject(generateProject(config, root), root);
  }

  /**
   * Generates all clients that it can, and continues in the background until {@link stop}; it keeps no process alive.
   * Later calls wait for the same.
   *
   * @param onError called with the reason why something cannot be generated
   * @returns when the first clients are generated
   * @throws SavedModelError if the configuration is invalid
   */
  async watch(folder: string, onError: (message: string) => void): Promise<void> {
    this.#background ??= this.#start(folder, onError);
    await this.#background.ready;
  }

  stop(): void {
    this.#background?.controller.abort();
    this.#background = undefined;
  }

  #start(folder: string, onError: (message: string) => void): { ready: Promise<void>; controller: AbortController } {
    const controller = new AbortController();
    const ready = new Promise<void>((resolve, reject) => {
      let isReady = false;
      const onChange: WatchOptions["onChange"] = ({ errors }) => {
        for (const { message } of errors) onError(message);
        isReady = true;
        resolve();
      };
      this.#run(folder, { signal: controller.signal, onChange, keepAlive: false }).then(resolve, (error: unknown) => {
        if (isReady) onError(reasonOf(error));
        else reject(error);
      });
    });
    return { ready, controller };
  }

  async #run(folder: string, options: WatchOptions): Promise<void> {
    const { watchConfigFile, watchProject } = await import("../watch/watch-project.js");
    const { config, root, file } = await this.#load(folder);
    await (file === undefined ? watchProject(config, root, options) : watchConfigFile(file, options));
  }

  /** @throws SavedModelError `CONFIG_INVALID` */
  async #load(folder: string): Promise<{ readonly config: Config; readonly root: string; readonly file?: string }> {
    if (this.#source.config !== undefined) {
      const { checkConfig } = await import("../config/check-config.js");
      return { config: checkConfig(this.#source.config, "savedmodel()"), root: folder };
    }
    const { loadConfig } = await import("../config/load-config.js");
    const loaded = await loadConfig(folder, this.#source.file);
    if (loaded !== undefined) return loaded;
    const { listPaths, workspaceConfigs } = await import("../config/workspace.js");
    const files = workspaceConfigs(folder);
    const other =
      files.length === 0
        ? "run `npx savedmodel init`, which writes a configuration"
        : `pass a configuration of this workspace as configFile: ${listPaths(files)}`;
    throw new SavedModelError(
      "CONFIG_INVALID",
      "no configuration file was found, and savedmodel() was given no models",
      {
        fix: `Write savedmodel({ models: ["models/*"] }); or ${other}.`,
      },
    );
  }
}

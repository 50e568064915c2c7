import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkOptions } from "../../runtime/base/check-options.js";
import { checkConfig } from "../config/check-config.js";
import type { Config } from "../config/config.js";
import { loadConfig } from "../config/load-config.js";
import { type Project, type ProjectChange, type Source, Watcher } from "./watcher.js";

export type { ProjectChange } from "./watcher.js";

/** Options of {@link watchProject}. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Called after the files of each change are written. An error that it throws ends the watch. */
  readonly onChange?: (change: ProjectChange) => void;
  /** Keeps the process alive; true by default. */
  readonly keepAlive?: boolean;
}

const OPTIONS: readonly string[] = ["keepAlive", "onChange", "signal"];

/** Milliseconds between two polls of the models. */
const INTERVAL = 150;
/** A pause is at least this many times as long as a poll took: a pattern may cover many folders. */
const PAUSES = 10;

/**
 * Generates the clients of a project, and again whenever one of its models changes on disk, appears or comes back,
 * until the signal aborts. A file is written when its content changes; a model that fails keeps its last good file.
 *
 * The models are polled several times a second instead of waiting for the system's events: those are lost when a folder
 * is replaced by another, and do not come from network drives or into containers.
 *
 * @param root the folder that the paths of the configuration are relative to
 * @returns when the signal aborts
 * @throws SavedModelError `CONFIG_INVALID` or `INVALID_OPTION`; later errors are passed to `onChange`
 */
export async function watchProject(config: Config, root: string, options: WatchOptions = {}): Promise<void> {
  checkOptions("watchProject()", options, OPTIONS);
  await watch({ config: checkConfig(config, "the configuration"), root }, undefined, options);
}

/**
 * Watches a project like {@link watchProject}, and its configuration file too, without the files that it imports.
 *
 * @param path the file, relative to the working directory
 * @throws SavedModelError `CONFIG_INVALID` if the file is invalid at the start, `INVALID_OPTION`
 */
export async function watchConfigFile(path: string, options: WatchOptions = {}): Promise<void> {
  checkOptions("watchConfigFile()", options, OPTIONS);
  const file = resolve(path);
  const load = (): Promise<Project> => loadProject(file);
  await watch(await load(), { file, load }, options);
}

async function loadProject(file: string): Promise<Project> {
  const project = await loadConfig(dirname(file), file);
  // A file that is named exists, or is an error.
  if (project === undefined) throw new Error("unreachable");
  return project;
}

async function watch(project: Project, source: Source | undefined, options: WatchOptions): Promise<void> {
  const { signal, onChange, keepAlive = true } = options;
  const watcher = new Watcher(project, source);
  while (signal?.aborted !== true) {
    const change = await watcher.step(performance.now());
    if (change !== undefined) onChange?.(change);
    const pause = Math.max(INTERVAL, watcher.lookTime * PAUSES);
    try {
      await sleep(pause, undefined, { ref: keepAlive, ...(signal !== undefined && { signal }) });
    } catch {
      // Only the signal ends the pause early.
    }
  }
}

import { SavedModelError } from "../../runtime/base/errors.js";
import type { LoadedConfig } from "../config/load-config.js";
import type { ClientFlags } from "./flags/client-flags.js";

/** Options for folders; without folders, the configuration sets these values. */
const FOLDER_OPTIONS: Readonly<Record<Exclude<keyof ClientFlags, "config">, string>> = {
  output: "--output",
  className: "--class-name",
  signature: "--signature",
  tags: "--tags",
  index: "--index",
  importExtension: "--import-extension",
  target: "--target",
};

/**
 * Loads the configuration for a command without folders.
 *
 * @throws SavedModelError `INVALID_OPTION` if there is none, or for an option that belongs in it; `CONFIG_INVALID`
 */
export async function requireConfig(flags: ClientFlags): Promise<LoadedConfig> {
  for (const [key, option] of Object.entries(FOLDER_OPTIONS)) {
    if (flags[key as keyof ClientFlags] === undefined) continue;
    throw new SavedModelError("INVALID_OPTION", `${option} needs a model folder, and none was given`, {
      fix: "Pass the folder of a SavedModel, or set it in the configuration.",
    });
  }
  const { loadConfig } = await import("../config/load-config.js");
  const loaded = await loadConfig(process.cwd(), flags.config);
  if (loaded !== undefined) return loaded;
  throw new SavedModelError("INVALID_OPTION", "no configuration was found, and no folder was given", {
    fix:
      (await workspaceFix()) ??
      "Pass the folders of SavedModels; or run `npx savedmodel init`, which writes a configuration.",
  });
}

/** Returns the advice for the root of a workspace with configurations in its packages. */
async function workspaceFix(): Promise<string | undefined> {
  const { listPaths, workspaceConfigs } = await import("../config/workspace.js");
  const files = workspaceConfigs(process.cwd());
  if (files.length === 0) return undefined;
  const one = files.length === 1 ? "" : "one of ";
  return `This is the root of a workspace: pass ${one}${listPaths(files)} with --config, or run this in its package.`;
}

/**
 * Rejects an option that requires a configuration, if folders are given.
 *
 * @throws SavedModelError `INVALID_OPTION`
 */
export function refuseWithFolders(option: string, value: unknown): void {
  if (value === undefined) return;
  throw new SavedModelError("INVALID_OPTION", `${option} applies to a configuration, but folders were given`, {
    fix: "Pass one or the other, not both.",
  });
}

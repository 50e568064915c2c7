import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SavedModelError } from "../../runtime/base/errors.js";
import type { Config } from "../config/config.js";
import { type WrittenFile, writeProject } from "../project/write-project.js";
import { asCoded, type Generated, generateSound } from "./generate-changed.js";
import { lookAtFile, lookAtModels } from "./model-stamps.js";

/** Result of a change that a watch detected, and of its start. */
export interface ProjectChange {
  /** Every generated file, including those that were up to date; or those that were removed and are restored. */
  readonly files: readonly WrittenFile[];
  /** Errors of the rest, which keeps its last good files. An error is reported once, however long it lasts. */
  readonly errors: readonly SavedModelError[];
  /** Number of current errors, including those reported before. */
  readonly broken: number;
}

/** A configuration, and the folder that the paths in it are relative to. */
export interface Project {
  readonly config: Config;
  readonly root: string;
}

/** The file that a configuration is loaded from, again each time. */
export interface Source {
  readonly file: string;
  readonly load: () => Promise<Project>;
}

/** Milliseconds without a change after which a save is considered complete: its files arrive one by one. */
const QUIET = 100;
/** Milliseconds after which a missing or unreadable file is considered so, and not in the middle of a save. */
const PATIENCE = 1000;

/** Polls a project, and generates when its state is new and stable. */
export class Watcher {
  #project: Project;
  readonly #source: Source | undefined;
  /** Stamp of the configuration file when it was loaded. */
  #loaded: string | undefined;
  #seen = "";
  #since = Number.NEGATIVE_INFINITY;
  /** Last generated files, and the stamp of their models. */
  #result: { readonly from: string; readonly generated: Generated } | undefined;
  /** Stamp of the last reported change. */
  #done: string | undefined;
  /** Number of files at that time. */
  #count = 0;
  #told: ReadonlySet<string> = new Set();
  #broken = 0;
  /** Time of the last write, and whether it succeeded. */
  #written: { readonly at: number; readonly isWhole: boolean } | undefined;
  #lookTime = 0;

  constructor(project: Project, source: Source | undefined) {
    this.#project = project;
    this.#source = source;
  }

  /** Duration of the last poll in milliseconds. */
  get lookTime(): number {
    return this.#lookTime;
  }

  /**
   * Polls once.
   *
   * @param now milliseconds on a monotonic clock
   * @returns undefined if there is nothing to do, or it is too early
   */
  async step(now: number): Promise<ProjectChange | undefined> {
    const start = performance.now();
    const seen = this.#look();
    this.#lookTime = performance.now() - start;
    if (seen !== this.#seen) [this.#seen, this.#since] = [seen, now];
    if (seen === this.#done) return this.#restore(now);
    const rest = now - this.#since;
    if (rest < QUIET && this.#done !== undefined) return undefined;
    if (this.#result?.from !== seen) {
      const generated = await this.#generate();
      // It may be a mix of old and new: the next step sees the change.
      if (this.#look() !== seen) return undefined;
      this.#result = { from: seen, generated };
    }
    const { files, errors } = this.#result.generated;
    if ((errors.length > 0 || files.length < this.#count) && rest < PATIENCE) return undefined;
    [this.#done, this.#count] = [seen, files.length];
    return this.#write(now, this.#result.generated);
  }

  /** Rewrites files that were removed meanwhile, or could not be written; contents that somebody else changed stay. */
  #restore(now: number): ProjectChange | undefined {
    if (this.#result === undefined || this.#written === undefined || now - this.#written.at < PATIENCE)
      return undefined;
    const { files, errors } = this.#result.generated;
    const gone = files.filter(({ path }) => !existsSync(resolve(this.#project.root, path)));
    const wanted = this.#written.isWhole ? gone : files;
    if (wanted.length === 0) return undefined;
    const before = this.#broken;
    const change = this.#write(now, { files: wanted, errors });
    const isNews = change.errors.length > 0 || change.broken !== before || change.files.some(isWritten);
    return isNews ? change : undefined;
  }

  #look(): string {
    return `${this.#lookAtSource()}\n${lookAtModels(this.#project.config, this.#project.root)}`;
  }

  #lookAtSource(): string {
    return this.#source === undefined ? "" : lookAtFile(this.#source.file);
  }

  async #generate(): Promise<Generated> {
    const file = this.#lookAtSource();
    if (this.#source !== undefined && file !== this.#loaded) {
      try {
        this.#project = await this.#source.load();
        this.#loaded = file;
      } catch (error) {
        return { files: [], errors: [asCoded(error)] };
      }
    }
    return generateSound(this.#project.config, this.#project.root);
  }

  #write(now: number, { files, errors }: Generated): ProjectChange {
    try {
      const written = writeProject(files, this.#project.root);
      this.#written = { at: now, isWhole: true };
      return this.#tell(written, errors);
    } catch (error) {
      this.#written = { at: now, isWhole: false };
      return this.#tell([], [...errors, asCoded(error)]);
    }
  }

  #tell(files: readonly WrittenFile[], errors: readonly SavedModelError[]): ProjectChange {
    const fresh = errors.filter(({ message }) => !this.#told.has(message));
    this.#told = new Set(errors.map(({ message }) => message));
    this.#broken = errors.length;
    return { files, errors: fresh, broken: errors.length };
  }
}

function isWritten({ change }: WrittenFile): boolean {
  return change !== "unchanged";
}

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ListedFault, root } from "./faults.js";

/** The outcome of a fault. */
export interface Result {
  readonly noticed: boolean;
  /** The test that noticed it, or why none did. */
  readonly by: string;
  /** Only the listed tests ran. */
  readonly nearestOnly: boolean;
}

const FILE = join(root, "build/mutants/results.json");

/** The results so far, so that an interrupted run can continue. */
export class Results {
  readonly #entries: Map<string, Result>;

  constructor(resume: boolean) {
    const entries =
      resume && existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Result>) : {};
    this.#entries = new Map(Object.entries(entries));
  }

  get(fault: ListedFault): Result | undefined {
    return this.#entries.get(keyOf(fault));
  }

  set(fault: ListedFault, result: Result): void {
    this.#entries.set(keyOf(fault), result);
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(this.#entries), undefined, 2)}\n`);
  }
}

/** A result holds for the same fault in the same file, with the same tests. */
function keyOf({ id, file, find, replace, tests }: ListedFault): string {
  const hash = createHash("sha256").update(JSON.stringify([id, file, find, replace, tests]));
  for (const path of [file, ...tests]) hash.update("\0").update(readFileSync(join(root, path)));
  return `${id} ${hash.digest("hex").slice(0, 16)}`;
}

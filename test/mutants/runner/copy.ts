import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sourceOf } from "./compiler.js";
import { root } from "./faults.js";

/** Untracked files that tests read and do not write. */
const LINKED = ["node_modules", "build/nodes", "build/tools", "../shared"] as const;

/** A copy of the working tree that may be broken. */
export class Copy {
  readonly folder: string;
  /** For the temporary files of the tests: broken programs leave some. */
  readonly temp: string;

  private constructor(folder: string, temp: string) {
    this.folder = folder;
    this.temp = temp;
  }

  /** Makes copies of the files that git knows or would add, and builds the package in each. They go when the process ends. */
  static make(count: number): readonly Copy[] {
    const scratch = mkdtempSync(join(tmpdir(), "savedmodel-mutants-"));
    // Some tests work as another user.
    chmodSync(scratch, 0o755);
    process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
    const copies = Array.from({ length: count }, (_, index) => {
      const home = join(scratch, `${index}`);
      return new Copy(join(home, "tree"), join(home, "temp"));
    });
    for (const [index, copy] of copies.entries()) {
      copy.#fill();
      if (index === 0)
        execFileSync("npm", ["run", "build"], { cwd: copy.folder, stdio: ["ignore", "ignore", "inherit"] });
      else cpSync(join(copies[0]?.folder ?? "", "dist"), join(copy.folder, "dist"), { recursive: true });
    }
    return copies;
  }

  #fill(): void {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      encoding: "utf8",
    });
    for (const file of listed.split("\0").filter((name) => name !== "" && existsSync(join(root, name)))) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(this.folder, file));
    }
    for (const path of LINKED.filter((path) => existsSync(join(root, path)))) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      symlinkSync(join(root, path), join(this.folder, path), "junction");
    }
    this.cleanTemp();
  }

  cleanTemp(): void {
    rmSync(this.temp, { recursive: true, force: true });
    mkdirSync(this.temp, { recursive: true });
  }

  /** Gives a source file another text while something runs, in `dist/` too. */
  async with<T>(file: string, text: string, run: () => Promise<T>): Promise<T> {
    this.#write(file, text);
    try {
      return await run();
    } finally {
      this.#write(file, sourceOf(file));
    }
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
    execFileSync("npm", ["run", "build:code"], { cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] });
  }
}

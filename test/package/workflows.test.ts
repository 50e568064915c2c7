import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { IS_WINDOWS, isWindows } from "../support/needs.js";
import { tempFolder } from "../support/temp.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".github/workflows");
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

/** The commands, each on one line: what is longer is a script that can be tried. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/^ *(?:- )?run: (.*)$/gm)].map(([, command]) => `${command}`);
}

describe.each(workflows)("$name", ({ text }) => {
  it("runs existing scripts of this repository", () => {
    const { scripts, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
      readonly bin: Readonly<Record<string, string>>;
    };
    const commands = commandsIn(text);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const [program = "", first = "", second = ""] = command.split(" ");
      if (program.startsWith(".")) expect(() => accessSync(join(root, program), constants.X_OK)).not.toThrow();
      else if (program === "node") expect(Object.values(bin)).toContain(first);
      else if (program === "npm" && first === "run") expect(Object.keys(scripts)).toContain(second);
      else if (program === "npm" && first === "test") expect(Object.keys(scripts)).toContain(first);
      else expect(command).toMatch(/^(npm (ci|pack|publish|install)|sudo apt-get install|mkdir|touch) ?/);
    }
  });

  it("pins actions to commits, with minimal permissions", () => {
    const actions = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => `${action}`);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => !/^[\w/-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
    expect(text).toMatch(/^permissions:( \{\}|\n {2}contents: read)\n/m);
    expect(
      [...text.matchAll(/^ *([\w-]+): write$/gm)].map(([, name]) => name).filter((name) => name !== "id-token"),
    ).toEqual([]);
  });
});

describe("check-release", () => {
  const script = join(root, ".github/check-release");

  /** Runs it for the tag v1.2.3 in a folder with these files, and returns its errors, line by line. */
  function refusals(manifest: object, changelog: string, tag = "v1.2.3"): readonly string[] {
    const cwd = tempFolder();
    writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(cwd, "CHANGELOG.md"), changelog);
    const { status, stderr } = spawnSync(script, [tag, "owner/name"], { cwd, encoding: "utf8" });
    const lines = stderr.split("\n").filter((line) => line !== "");
    expect(status).toBe(lines.length === 0 ? 0 : 1);
    return lines;
  }

  const repository = { type: "git", url: "git+https://github.com/owner/name.git" };
  const changelog = "# Changelog\n\n## [1.2.3] - 2000-01-31\n";

  it("check-release accepts a release with its version, date and repository", ({ skip }) => {
    skip(isWindows, IS_WINDOWS);
    expect(refusals({ version: "1.2.3", repository }, changelog)).toEqual([]);
  });

  it("check-release lists everything that is missing", ({ skip }) => {
    skip(isWindows, IS_WINDOWS);
    expect(refusals({ version: "1.2.4" }, "## [1.2.4] - unreleased\n\n## [1a2.4] - 2000-01-31\n")).toEqual([
      "error the tag is v1.2.3, but package.json has version 1.2.4: the tag must be v1.2.4",
      'error CHANGELOG.md has no dated section: the heading must be "## [1.2.4] - YYYY-MM-DD"',
      'error package.json has repository.url "": it must be "git+https://github.com/owner/name.git"',
    ]);
  });

  it("check-release rejects another repository", ({ skip }) => {
    skip(isWindows, IS_WINDOWS);
    const url = "git+https://github.com/other/name.git";
    expect(refusals({ version: "1.2.3", repository: { type: "git", url } }, changelog)).toEqual([
      `error package.json has repository.url "${url}": it must be "git+https://github.com/owner/name.git"`,
    ]);
  });

  it("check-release and .ci/run are valid bash", ({ skip }) => {
    skip(isWindows, IS_WINDOWS);
    for (const file of [script, join(root, ".ci/run")]) {
      expect(existsSync(file)).toBe(true);
      expect(execFileSync("bash", ["-n", file], { encoding: "utf8" })).toBe("");
    }
  });
});

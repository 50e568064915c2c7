import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fault } from "../fault.js";

export const root: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** A fault and the list that it is in, which is named after a part of the package. */
export interface ListedFault extends Fault {
  readonly area: string;
}

const OTHERS: ReadonlySet<string> = new Set(["fault.ts", "run.ts"]);

/** Imports every list of faults in `test/mutants/`. */
export async function readFaults(): Promise<readonly ListedFault[]> {
  const names = readdirSync(join(root, "test/mutants"))
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !OTHERS.has(name))
    .sort();
  const lists = names.map(async (name) => {
    const { faults } = (await import(new URL(`../${name}`, import.meta.url).href)) as {
      readonly faults?: readonly Fault[];
    };
    if (!Array.isArray(faults)) throw new TypeError(`test/mutants/${name} exports no array named "faults"`);
    return faults.map((fault: Fault) => ({ ...fault, area: name.slice(0, -".ts".length) }));
  });
  return (await Promise.all(lists)).flat();
}

/** Returns why faults cannot be injected, one sentence for each problem. */
export function problemsOf(faults: readonly Fault[]): readonly string[] {
  const ids = new Set<string>();
  return faults.flatMap((fault) => {
    const problems = [...ownProblems(fault)];
    if (ids.has(fault.id)) problems.push("the id occurs twice");
    ids.add(fault.id);
    return problems.map((problem) => `${fault.id}: ${problem}`);
  });
}

function* ownProblems({ id, file, find, replace, tests }: Fault): Iterable<string> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(id)) yield "the id is not in kebab-case with an area in front";
  if (find === replace) yield "find and replace are equal";
  if (tests.length === 0) yield "no test file is listed";
  for (const test of tests) {
    if (!/^test\/.+\.test\.ts$/.test(test) || !existsSync(join(root, test))) yield `${test} is not a test file`;
  }
  if (!existsSync(join(root, file))) {
    yield `${file} does not exist`;
    return;
  }
  const count = readFileSync(join(root, file), "utf8").split(find).length - 1;
  if (find === "" || count !== 1) yield `find occurs ${find === "" ? 0 : count} times in ${file}, expected once`;
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COUNT, manySignatures } from "../../test/support/many-signatures.js";
import { LanguageServer } from "../contestants/language-server.js";
import { wholeProcess } from "../contestants/whole-process.js";
import { isWanted } from "../options.js";
import type { Figures } from "../report/figures.js";
import { quantile } from "../statistics.js";
import type { Workplace } from "../workplace.js";
import { paceOf, type Suite } from "./suite.js";

const NAME = "editor";
const CHECK = `${NAME}/check`;
const COMPILERS = {
  "TypeScript 5.7": "typescript-5.7",
  "TypeScript 6.0": "typescript",
  "TypeScript 7.0": "typescript-7",
};

/** Returns a call of a signature whose index is 5n + 3: a scalar of int64, one of unknown rank, an image. */
const call = (index: number): string => `model.run${index}(1n, true, [[[[1]]]] as number[][][][])`;

/** Edits, with a `|` at the position of the request. The first does not use the client. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  completionInfo: [
    "console.log(|",
    "model.|",
    "model.async.|",
    "Many.fake({ |",
    "Many.fake({ run8: (a) => a.|",
    "Many.fake({ run8: () => ({ |",
    "model.run3(|",
    "model.run3(1n, |",
    `${call(3)}.|`,
    `${call(3)}.z.|`,
  ],
  signatureHelp: ["model.run3(|", "Many.fake(|"],
  quickinfo: ["model.run|3", `const resu|lt = ${call(3)};`],
  semanticDiagnosticsSync: [`${call(3)};|`, "Many.fake({ run8: () => ({ y: 1, z: 1 }) });|"],
};

/** Measures the speed of an editor and a compiler in a project with a large client. */
export const editor: Suite = async function* (workplace, options) {
  const wanted = [NAME, CHECK].filter((name) => isWanted(name, options.only));
  if (wanted.length === 0) return;
  const project = writeProject(workplace);
  if (wanted.includes(NAME)) yield await answers(workplace, project, options.quick ? 20 : 100);
  if (!wanted.includes(CHECK)) return;
  const baseline = "TypeScript 6.0, no client";
  yield {
    name: CHECK,
    title: `type checks with a client of ${COUNT} signatures, called and faked, whole processes`,
    baselines: [baseline],
    pace: paceOf(options, { rounds: options.quick ? 1 : 5, warmUpMs: 0, minimumCalls: 1 }),
    entries: Object.entries(COMPILERS).flatMap(([name, folder]) => {
      const tsc = join(workplace.root, "node_modules", folder, "bin/tsc");
      const check = (what: string, file: string) =>
        wholeProcess(`${name}, ${what}`, { file: process.execPath, args: [tsc, "-p", join(project, file)] }, project);
      return [check("no client", "none.json"), check("the client", "tsconfig.json")];
    }),
  };
};

/** Writes a project whose `use.ts` calls the client 30 times, and one with nothing but an import of the package. */
function writeProject({ folder }: Workplace): string {
  const project = join(folder, NAME);
  mkdirSync(project);
  const calls = Array.from({ length: 30 }, (_, index) => `${call(index * 5 + 3)}.y.toString();\n`).join("");
  const fakes = Array.from({ length: COUNT }, (_, index) => `  run${index}: (a, b, c) => [a, b, c] as never,\n`).join(
    "",
  );
  const use = `import { Many } from "./many.js";\nconst model: Many = Many.load();\n${calls}`;
  const compilerOptions = { target: "es2022", module: "nodenext", types: ["node"], strict: true, noEmit: true };
  const config = (...files: readonly string[]): string =>
    JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true }, files });
  const files = {
    "many.ts": manySignatures(project),
    "use.ts": use,
    "fake.ts": `import { Many } from "./many.js";\nexport const fake: Many = Many.fake({\n${fakes}});\n`,
    "none.ts": `import { Model } from "savedmodel";\nexport const model: Model = Model.load("model");\n`,
    "tsconfig.json": config("many.ts", "use.ts", "fake.ts"),
    "none.json": config("none.ts"),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  return project;
}

/** Measures the editor's requests after each change of the file. */
async function answers({ root }: Workplace, project: string, count: number): Promise<Figures> {
  const server = new LanguageServer(join(root, "node_modules/typescript/lib/tsserver.js"), join(project, "use.ts"));
  const rows = [];
  for (const [request, lines] of Object.entries(PLACES)) {
    for (const line of lines) {
      const taken: number[] = [];
      for (let index = -5; index < count; index++) {
        // An existing line might be cached.
        const before = `const x${index + 5} = 1; `;
        const start = performance.now();
        await server.ask(`${before}${line.replace("|", "")}`, request, before.length + line.indexOf("|"));
        // The first requests load the project, and run code that is not compiled yet.
        if (index >= 0) taken.push(performance.now() - start);
      }
      const sorted = Float64Array.from(taken).sort();
      rows.push({ name: `${request}: ${line}`, values: [0.5, 0.99, 1].map((part) => quantile(sorted, part)) });
    }
  }
  await server.stop();
  return {
    name: NAME,
    title: `tsserver in a file that uses a client of ${COUNT} signatures, after each change`,
    unit: "milliseconds",
    columns: ["median", "p99", "max"],
    rows,
  };
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { requireDist } from "./dist.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The compiler options of a demanding consumer, as a tsconfig.json has them. */
export const consumerOptions: Readonly<Record<string, unknown>> = {
  target: "es2022",
  lib: ["es2022"],
  types: ["node"],
  typeRoots: [`${root}node_modules/@types`],
  module: "nodenext",
  moduleResolution: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedDeclarations: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  declaration: true,
  skipLibCheck: false,
  noEmit: true,
};

/**
 * What the compiler has to say to files of a project that depends on this package as it is built (`dist/`), library
 * declarations included.
 */
export function typeErrors(files: Readonly<Record<string, string>>): readonly string[] {
  return inConsumer(files, (folder) => diagnose(folder, Object.keys(files)));
}

/** Runs something in a folder with these files, of a project that depends on this package. */
export function inConsumer<T>(files: Readonly<Record<string, string>>, run: (folder: string) => T): T {
  // Inside the repository, the package's name leads to dist/ through its own `exports`.
  requireDist();
  mkdirSync(`${root}build`, { recursive: true });
  const folder = mkdtempSync(`${root}build/consumer-`);
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function diagnose(folder: string, names: readonly string[]): readonly string[] {
  const { options, errors } = ts.convertCompilerOptionsFromJson(consumerOptions, folder);
  const program = ts.createProgram(
    names.map((name) => `${folder}/${name}`),
    options,
  );
  return [...errors, ...ts.getPreEmitDiagnostics(program)].map(({ file, start, messageText }) => {
    const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    return `${file?.fileName.replace(`${folder}/`, "")}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { consumerOptions, inConsumer } from "./typescript.js";

/** The oldest TypeScript that generated code is for, and the newest. Not all of them can be called as a library. */
export const COMPILERS = {
  "typescript-5.7": "Version 5.7.3",
  "typescript-7": "Version 7.0.2",
} as const;

type Compiler = keyof typeof COMPILERS;

/** Returns the output of a compiler: nothing if there are no errors. */
export function compilerOutput(compiler: Compiler, files: Readonly<Record<string, string>>): string {
  const { erasableSyntaxOnly, ...older } = consumerOptions;
  // 5.8 brought the option.
  const compilerOptions = compiler === "typescript-5.7" ? older : { ...older, erasableSyntaxOnly };
  return inConsumer(files, (folder) => {
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: Object.keys(files) }));
    return runCompiler(compiler, ["-p", folder, "--pretty", "false"]);
  });
}

export function runCompiler(compiler: Compiler, parameters: readonly string[]): string {
  const program = fileURLToPath(new URL(`../../node_modules/${compiler}/bin/tsc`, import.meta.url));
  const { error, stdout, stderr } = spawnSync(process.execPath, [program, ...parameters], { encoding: "utf8" });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

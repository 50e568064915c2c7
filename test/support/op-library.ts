import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLibrary } from "../../runtime/engines/local/library/open-library.js";
import { encodeMessage } from "./saved-model.js";

const SOURCE = fileURLToPath(new URL("zero-out.c", import.meta.url));
const COMPILER = process.env.CC || "cc";

/** Why a library of operations cannot be compiled here; undefined where it can. */
export function whyNotCompiled(): string | undefined {
  if (process.platform !== "linux") return "it is compiled on Linux only";
  const { error } = spawnSync(COMPILER, ["--version"]);
  return error === undefined ? undefined : `no C compiler: ${error.message}`;
}

/** Compiles the operations of zero-out.c against the TensorFlow library that the tests use. */
export function compileZeroOut(folder: string): string {
  const { main, framework } = openLibrary();
  return compileShared(SOURCE, join(folder, "zero_out.so"), framework === undefined ? [main] : [framework, main]);
}

/** Compiles C to a shared library. */
export function compileShared(source: string, file: string, libraries: readonly string[] = []): string {
  const parameters = ["-shared", "-fPIC", "-O2", "-std=gnu11", "-Wall", "-Werror", "-o", file, source, ...libraries];
  const { status, stderr } = spawnSync(COMPILER, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${COMPILER} failed: ${stderr}`);
  return file;
}

const INT32 = 3;

/**
 * Writes a SavedModel whose only signature runs an operation like ZeroOut: `zero(x)`, int32 of any shape.
 *
 * @param output the tensor that the signature returns
 */
export function writeZeroOutModel(folder: string, op = "ZeroOut", output = "zeroed:0"): void {
  const attr = (key: string, value: object): object => ({ key, value: encodeMessage("AttrValue", value) });
  const x = { name: "x", op: "Placeholder", attr: [attr("dtype", { type: INT32 })] };
  const zeroed = { name: "zeroed", op, input: ["x"] };
  const tensor = (name: string): object => ({ name, dtype: INT32, tensorShape: { unknownRank: true } });
  const signature = {
    inputs: [{ key: "x", value: tensor("x:0") }],
    outputs: [{ key: "zeroed", value: tensor(output) }],
    methodName: "tensorflow/serving/predict",
  };
  const model = {
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags: ["serve"] },
        graphDef: encodeMessage("GraphDef", { node: [x, zeroed].map((node) => encodeMessage("NodeDef", node)) }),
        signatureDef: [{ key: "zero", value: signature }],
      },
    ],
  };
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", model));
}

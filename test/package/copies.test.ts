import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { newStrangersFolder, outputAsUser } from "../support/stranger.js";
import { modelFolder } from "../support/temp.js";

/** A project with a second copy of the package below one of its own packages, as package managers may install it. */
let folder = "";

beforeAll(() => {
  folder = newStrangersFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const installed = join(dirname(folder), "node_modules");
    const other = join(folder, "other/node_modules");
    mkdirSync(other, { recursive: true });
    cpSync(join(installed, "savedmodel"), join(other, "savedmodel"), { recursive: true });
    writeFileSync(join(folder, "other/index.mjs"), 'export * from "savedmodel";\n');
    cpSync(modelFolder("custom_model"), join(folder, "custom_model"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    outputAsUser(folder, process.execPath, [
      join(installed, "savedmodel/dist/generator/cli/main.js"),
      ...["generate", "custom_model", "--target", "js", "-o", "."],
    ]);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
});

/** Returns what a program prints that has both copies, `a` and `b`, and a fake client of `a`. */
function printed(statements: string): unknown {
  const program = `
    import * as a from "savedmodel";
    import * as b from "./other/index.mjs";
    import { CustomModel } from "./custom-model.js";
    const model = CustomModel.fake({ pred: () => [[0]], train: () => 0 });
    const errorOf = (run) => { try { run(); } catch (error) { return error; } };
    const rejectionOf = (run) => run().catch((error) => error);
    const result = await (async () => { ${statements} })();
    console.log(JSON.stringify(result ?? null));`;
  writeFileSync(join(folder, "program.mjs"), program);
  return JSON.parse(outputAsUser(folder, process.execPath, ["program.mjs"]));
}

describe("two copies of the package in one process", () => {
  const home = (copy: string): string => join(copy, "node_modules/savedmodel/dist") + sep;
  const homes = (): string => `(${home(join(folder, "other"))}, not ${home(dirname(folder))})`;

  it("copies of the package recognize each other's errors", () => {
    expect(
      printed(`
        const error = errorOf(() => b.Tensor.from("float", 1));
        return { isOne: a.Model === b.Model, own: error instanceof b.SavedModelError, other: error instanceof a.SavedModelError,
          code: error.code, training: error instanceof a.TrainingError, plain: new Error() instanceof a.SavedModelError };`),
    ).toEqual({ isOne: false, own: true, other: true, code: "INVALID_DTYPE", training: false, plain: false });
  });

  it("copies of the package distinguish subclasses of errors", () => {
    expect(
      printed(`
        class Mine extends a.SavedModelError {}
        const theirs = new b.TrainingError(new b.SavedModelError("ABORTED", "x"), undefined);
        return [theirs instanceof a.TrainingError, theirs instanceof a.SavedModelError, theirs instanceof a.TensorFlowError,
          theirs instanceof Mine, new Mine("ABORTED", "x") instanceof Mine, new Mine("ABORTED", "x") instanceof b.SavedModelError,
          null instanceof a.SavedModelError, "x" instanceof a.TensorFlowError];`),
    ).toEqual([true, true, false, false, true, true, false, false]);
  });

  it("passing a tensor to another copy names both folders", () => {
    const messages = printed(`
      const tensor = b.Tensor.from("float32", [[1, 1]]);
      return [() => model.pred(tensor), () => a.encodeNpy(tensor), () => a.RaggedTensor.fromRowSplits(tensor, [0, 1])]
        .map((run) => errorOf(run).message);`);
    const fix = "Install one copy for both (`npm ls savedmodel` and `npm dedupe` help), or pass arrays instead.";
    const got = `a Tensor of another copy of savedmodel ${homes()}. ${fix}`;
    expect(messages).toEqual([
      `INVALID_DTYPE: pred(): input "inputs" must be float32 [1, 2], got ${got}`,
      `INVALID_ARGUMENT: encodeNpy(): expected a Tensor, got ${got}`,
      `INVALID_ARGUMENT: RaggedTensor.fromRowSplits(): expected a Tensor, got ${got}`,
    ]);
  });

  it("training a method of another copy names both folders", () => {
    expect(printed("return (await rejectionOf(() => b.fit(model.train, {}, {}))).message;")).toBe(
      `NOT_TRAINABLE: fit() got a method of another copy of savedmodel (${home(dirname(folder))}, ` +
        `not ${home(join(folder, "other"))}). Import fit from the client's copy.`,
    );
  });
});

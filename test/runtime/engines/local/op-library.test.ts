import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadKoffi } from "../../../../runtime/engines/local/library/koffi.js";
import { Model, type Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
import { hasShared, IS_WINDOWS, isWindows, NO_SHARED, needs, shared } from "../../../support/needs.js";
import { compileZeroOut, whyNotCompiled, writeZeroOutModel } from "../../../support/op-library.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

const thirdParty = `${shared}/stfs-custom-op`;

describe("the symbols of TensorFlow", () => {
  needs(!isWindows, IS_WINDOWS);
  const isGlobal = (): boolean => {
    const RTLD_DEFAULT = process.platform === "darwin" ? -2n : null;
    const dlsym = loadKoffi().load(null).func("void *dlsym(void *handle, const char *symbol)");
    return dlsym(RTLD_DEFAULT, "TF_NewStatus") !== null && dlsym(RTLD_DEFAULT, "TF_SessionRun") !== null;
  };

  it("TensorFlow's symbols are local until a library of operations is loaded, which shares absl and protobuf with it", () => {
    using model = Model.load(modelFolder("counter"));
    expect([model.signatures.length > 0, isGlobal()]).toEqual([true, false]);
    expectError(() => Model.load(modelFolder("counter"), { opLibraries: ["none.so"] }), "OP_LIBRARY_INVALID");
    expect(isGlobal()).toBe(true);
  });
});

describe("files that are not libraries of operations", () => {
  const load = (path: string) => () => Model.load(modelFolder("counter"), { opLibraries: [path] });

  it("names a missing library of operations, with the system's message", () => {
    const error = expectError(load("/nowhere/ops.so"), "OP_LIBRARY_INVALID");
    expect(error.rawMessage).toMatch(/^the operations in \/nowhere\/ops\.so cannot be loaded: \S/);
    expect(error.fix).toContain("below the working directory");
    expect(error.cause).toMatchObject({ name: "TensorFlowError", status: "NOT_FOUND" });
  });

  it("names a file that is not a library of operations", () => {
    const file = join(tempFolder(), "ops.so");
    writeFileSync(file, "not a library");
    const error = expectError(load(file), "OP_LIBRARY_INVALID");
    expect(error.rawMessage).toContain(`${file} cannot be loaded: `);
    expect(error.fix).toMatch(/was built for this platform and for TensorFlow \d+\.\d+\.\d+/);
    expect(error.cause).toMatchObject({ name: "TensorFlowError" });
  });

  it("resolves a library of operations against the working directory", () => {
    const error = expectError(load("ops/none.so"), "OP_LIBRARY_INVALID");
    expect(error.rawMessage).toContain(`${join(process.cwd(), "ops/none.so")} cannot be loaded`);
  });
});

const reason = whyNotCompiled();

describe("a compiled library of operations", () => {
  needs(reason === undefined, `operations cannot be compiled: ${reason}`);
  // An operation stays for as long as the process lives, so what is true before comes first.
  it("a model with a custom operation reports that its library is needed", () => {
    const folder = tempFolder();
    writeZeroOutModel(folder);
    const error = expectError(() => Model.load(folder), "OP_NOT_REGISTERED");
    expect(error.rawMessage).toContain('needs the operation "ZeroOut"');
    expect(error.fix).toContain("opLibraries");
  });

  let library = "";
  beforeAll(() => {
    if (reason !== undefined) return;
    const built = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
    library = compileZeroOut(built);
    return () => rmSync(built, { recursive: true });
  });

  it("a library of operations makes the model run; once per process, by any path", async () => {
    const folder = tempFolder();
    writeZeroOutModel(folder);
    const link = join(folder, "link.so");
    symlinkSync(library, link);

    const paths = [[library], [library, library], [link], [relative(process.cwd(), library)], []];
    for (const opLibraries of paths) {
      using model = Model.load(folder, { opLibraries });
      const run = (x: unknown): unknown => (model.run("zero", { x }).zeroed as Tensor).toArray();
      expect(run([5, 4, 3])).toEqual([5, 0, 0]);
      expect(run([[7], [8]])).toEqual([[7], [0]]);
      expect(run([])).toEqual([]);
      expect(run(6)).toBe(6);
      expect(((await model.runAsync("zero", { x: [1, 2] })).zeroed as Tensor).toArray()).toEqual([1, 0]);
      using traced = Model.load(folder, { opLibraries, scheduling: "caller" });
      const { trace } = traced.trace(() => traced.run("zero", { x: [1, 2] }));
      expect(trace.traceEvents.some(({ name }) => name === "ZeroOut")).toBe(true);
    }
  });

  it("a custom operation may lack a shape function", () => {
    const folder = tempFolder();
    writeZeroOutModel(folder, "ZeroOutWithoutShape");
    using model = Model.load(folder, { opLibraries: [library] });
    expect((model.run("zero", { x: [[5, 4]] }).zeroed as Tensor).toArray()).toEqual([[5, 0]]);
  });

  // Only the library knows the number of outputs.
  it("a custom operation may lack the output that a signature names", () => {
    const folder = tempFolder();
    writeZeroOutModel(folder, "ZeroOut", "zeroed:1");
    using model = Model.load(folder, { opLibraries: [library] });
    const error = expectError(() => model.run("zero", { x: [5] }), "MODEL_CORRUPT");
    expect(error.rawMessage).toContain('the tensor "zeroed:1" of "zeroed" is not in the graph');
  });

  it("a library of operations makes a third-party model run", ({ skip }) => {
    skip(!hasShared, NO_SHARED);
    using model = Model.load(thirdParty, { opLibraries: [library] });
    const { output } = model.run("serving_default", {
      input: [
        [5, 2],
        [9, 9],
      ],
    });
    expect((output as Tensor).toArray()).toEqual([
      [5, 0],
      [0, 0],
    ]);
  });
});

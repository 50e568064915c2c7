import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { listOperations } from "../../../../runtime/engines/local/op-library.js";
import { chooseSchedule, type Schedule } from "../../../../runtime/engines/local/scheduling.js";
import type { SessionOptions } from "../../../../runtime/engines/local/session-options.js";
import { Model, type Tensor } from "../../../../runtime/index.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../../runtime/saved-model/files/saved-model-file.js";
import { expectError } from "../../../support/errors.js";
import { BOOL, FLOAT, type NodeSpec, shape, type, writeGraphModel } from "../../../support/graph-model.js";
import { modelFolder } from "../../../support/temp.js";

/** A model that returns `x` doubled, whose graph has a further node. */
function modelWith(node: NodeSpec, device = {}): string {
  return writeGraphModel(
    {
      x: ["Placeholder", [], { dtype: type(FLOAT), shape: shape([-1]) }],
      flag: ["Placeholder", [], { dtype: type(BOOL), shape: shape([]) }],
      y: ["AddV2", ["x", "x"], { T: type(FLOAT), ...device }],
      other: node,
    },
    { double: { inputs: { x: ["x:0", FLOAT, [-1]] }, outputs: { y: ["y:0", FLOAT, [-1]] } } },
  );
}

/** The schedule of a model in a folder. */
function scheduleOf(folder: string, options: SessionOptions = {}): Schedule {
  nativeApi();
  return chooseSchedule(folder, chooseMetaGraph(folder, readMetaGraphs(folder)).graphDef, options);
}

const double = (model: Model): unknown => (model.run("double", { x: [1, 2] }).y as Tensor).toArray();

describe("the default", () => {
  it("small models run by the single-threaded executor", () => {
    expect(scheduleOf(modelFolder("custom_model"))).toEqual({
      scheduling: "single-threaded",
      isSteady: true,
    });
    // A functional loop is no low-level control flow, but its number of steps is data.
    expect(scheduleOf(modelFolder("spin"))).toEqual({
      scheduling: "single-threaded",
      isSteady: false,
    });
  });

  const obstacles: readonly (readonly [what: string, node: NodeSpec])[] = [
    ["low-level control flow", ["Switch", ["x", "flag"], { T: type(FLOAT) }]],
    ["variables by reference", ["VariableV2", [], { dtype: type(FLOAT), shape: shape([2]) }]],
  ];
  it.each(obstacles)("a graph with %s runs in the calling thread", (_, node) => {
    const folder = modelWith(node);
    expect(scheduleOf(folder)).toEqual({ scheduling: "caller", isSteady: false });
    using model = Model.load(folder);
    expect(double(model)).toEqual([2, 4]);
    // The same executor that rejects the graph would reject what is run of it only.
    const { message } = expectError(() => Model.load(folder, { scheduling: "single-threaded" }), "INVALID_OPTION");
    expect(message).toContain(`scheduling "single-threaded" cannot run "${node[0]}", an operation of `);
  });

  it("TensorFlow's own options for pools and XLA take precedence", () => {
    const folder = modelFolder("custom_model");
    const choose = (options: SessionOptions) => scheduleOf(folder, options).scheduling;
    expect(choose({ runOptions: Uint8Array.of(0x18, 0) })).toBe("caller");
    expect(choose({ xla: true })).toBe("caller");
    expect(choose({ interOpThreads: 2 })).toBe("pool");
    expect(choose({ scheduling: "caller" })).toBe("caller");
  });

  it("a graph that is placed on two devices is loaded again for the calling thread", () => {
    // TensorFlow splits it, and the single-threaded executor cannot send between the parts.
    const folder = modelWith(["NoOp", []]);
    const twoCpus = Uint8Array.of(0x0a, 7, 0x0a, 3, ...Buffer.from("CPU"), 0x10, 2);
    using model = Model.load(folder, { config: twoCpus });
    expect(model.devices().map(({ type }) => type)).toEqual(["CPU", "CPU"]);
    expect(double(model)).toEqual([2, 4]);
    expect(model.trace(() => double(model)).result).toEqual([2, 4]);
  });
});

it("every operation of the library that the single-threaded executor rejects is known", () => {
  const { root } = protobuf.parse(`
    syntax = "proto3";
    message OpList { repeated OpDef op = 1; }
    message OpDef { string name = 1; repeated ArgDef input_arg = 2; repeated ArgDef output_arg = 3; }
    message ArgDef { bool is_ref = 16; }`);
  const OpList = root.lookupType("OpList");
  interface Arg {
    readonly isRef: boolean;
  }
  interface Op {
    readonly name: string;
    readonly inputArg: readonly Arg[];
    readonly outputArg: readonly Arg[];
  }
  const { op } = OpList.toObject(OpList.decode(listOperations(nativeApi())), { defaults: true, arrays: true }) as {
    op: readonly Op[];
  };
  expect(op.length).toBeGreaterThan(1000);
  const isRef = ({ isRef }: Arg): boolean => isRef;
  // One that passes a reference on needs another that makes it; those of TensorFlow's own tests are in no model.
  const makers = op.filter(
    ({ name, inputArg, outputArg }) => outputArg.some(isRef) && !inputArg.some(isRef) && !name.startsWith("RefOut"),
  );
  expect(makers.length).toBeGreaterThan(15);
  for (const { name } of makers) {
    const folder = modelWith([name, []]);
    expect([name, scheduleOf(folder).scheduling]).toEqual([name, "caller"]);
  }
});

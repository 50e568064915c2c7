import { describe, expect, it } from "vitest";
import { openStateFlow } from "../../../runtime/saved-model/effects/state-flow.js";
import { encodeMessage } from "../../support/saved-model.js";

/** A node in short: `name = Op(input, …)`, with the functions that it calls behind it: `[body=step]`. */
function node(text: string): object {
  const [, name, op, inputs = "", functions = ""] = /^(\S+) = (\w+)\(([^)]*)\)(?:\[(.*)\])?$/.exec(text) ?? [];
  const attr = functions
    .split(", ")
    .filter(Boolean)
    .map((each) => {
      const [key, called] = each.split("=");
      return { key, value: encodeMessage("AttrValue", { func: { name: called } }) };
    });
  return { name, op, input: inputs.split(", ").filter(Boolean), attr };
}

interface Body {
  readonly parameters: readonly string[];
  readonly nodes: readonly string[];
  readonly results: readonly string[];
}

/** Dependencies of a graph's tensors (`x` for an input, `v` for a variable), and the variables that change. */
function flowOf(tensors: readonly string[], nodes: readonly string[], functions: Readonly<Record<string, Body>> = {}) {
  const library = Object.entries(functions).map(([name, { parameters, nodes: inner, results }]) =>
    encodeMessage("FunctionDef", {
      signature: {
        name,
        inputArg: parameters.map((parameter) => ({ name: parameter })),
        outputArg: results.map((_, index) => ({ name: `result_${index}` })),
      },
      nodeDef: inner.map(node),
      ret: results.map((value, index) => ({ key: `result_${index}`, value })),
    }),
  );
  const all = ["x = Placeholder()", "v = VarHandleOp()", "w = VarHandleOp()", ...nodes];
  const graph = encodeMessage("GraphDef", {
    node: all.map((text) => encodeMessage("NodeDef", node(text))),
    library: { function: library },
  });
  const { outputs, writes } = openStateFlow(graph)(tensors);
  return {
    outputs: outputs.map(({ inputs, variables }) => [...(inputs ? ["x"] : []), ...[...variables].sort()].join(" ")),
    writes: Object.fromEntries(Array.from(writes, ([name, { accumulates }]) => [name, accumulates])),
  };
}

const READS = ["rv = ReadVariableOp(v)", "rw = ReadVariableOp(w)"];

describe("values of a graph", () => {
  it("values depend on inputs and on the variables that are read", () => {
    const sum = "sum = AddV2(x, rv)";
    expect(flowOf(["rv:0", "sum:0", "c:0"], [...READS, sum, "c = Const()"])).toEqual({
      outputs: ["v", "x v", ""],
      writes: {},
    });
  });

  it("values passed through together stay separate", () => {
    const nodes = [...READS, "both = IdentityN(x, rv)"];
    expect(flowOf(["both:0", "both:1"], nodes).outputs).toEqual(["x", "v"]);
  });

  it("values do not depend on control inputs", () => {
    expect(flowOf(["r:0"], ["a = AssignVariableOp(v, x)", "r = ReadVariableOp(v, ^a)"])).toEqual({
      outputs: ["v"],
      writes: { v: false },
    });
  });

  it("values read after an assignment depend on an accumulating variable", () => {
    const nodes = [...READS, "sum = AddV2(x, rv)", "a = AssignVariableOp(v, sum)", "r = Identity(sum, ^a)"];
    expect(flowOf(["r:0"], nodes)).toEqual({ outputs: ["v"], writes: { v: true } });
    expect(flowOf(["sum:0", "r:0"], nodes).outputs).toEqual(["v", "v"]);
  });

  it("results of an unknown operation depend on all its inputs", () => {
    expect(flowOf(["u:0"], ["u = Unheard(x, w)"])).toEqual({ outputs: ["x w"], writes: {} });
  });

  it("follows chains longer than the call stack", () => {
    const chain = Array.from(
      { length: 20_000 },
      (_, index) => `n${index} = Neg(${index === 0 ? "x" : `n${index - 1}`})`,
    );
    expect(flowOf(["n19999:0"], chain.reverse()).outputs).toEqual(["x"]);
  });
});

describe("values in functions", () => {
  it("follows calls result by result, including handles", () => {
    const add: Body = {
      parameters: ["value", "handle"],
      nodes: [
        "old = ReadVariableOp(handle)",
        "new = AddV2(old:value:0, value)",
        "a = AssignAddVariableOp(handle, value)",
      ],
      results: ["value", "old:value:0", "new:z:0"],
    };
    const nodes = ["c = StatefulPartitionedCall(x, v)[f=add]"];
    expect(flowOf(["c:0", "c:1", "c:2"], nodes, { add })).toEqual({ outputs: ["x", "v", "x v"], writes: { v: true } });
    expect(flowOf(["c:1"], ["c = add(x, v)"], { add })).toEqual({ outputs: ["v"], writes: { v: true } });
  });

  it("follows the new value of a variable that a function and its caller assign", () => {
    const add: Body = {
      parameters: ["value", "handle"],
      nodes: [
        "old = ReadVariableOp(handle)",
        "new = AddV2(old:value:0, value)",
        "a = AssignVariableOp(handle, new:z:0)",
      ],
      results: ["new:z:0"],
    };
    const nodes = ["c = f(x, v)", "more = AddV2(c, x)", "a = AssignVariableOp(v, more)", "r = Identity(more, ^a)"];
    expect(flowOf(["c:0", "more:0", "r:0"], nodes, { f: add })).toEqual({
      outputs: ["v", "v", "v"],
      writes: { v: true },
    });
  });

  it("follows both branches", () => {
    const read: Body = { parameters: ["a", "h"], nodes: ["r = ReadVariableOp(h)"], results: ["r:value:0"] };
    const pass: Body = { parameters: ["a", "h"], nodes: [], results: ["a"] };
    const nodes = ["yes = Const()", "c = If(yes, x, v)[then_branch=read, else_branch=pass]"];
    expect(flowOf(["c:0"], nodes, { read, pass }).outputs).toEqual(["x v"]);
  });

  it("follows a loop until nothing changes", () => {
    // a, b, c ← b, c, c + v: after two rounds, the first is made of the variable.
    const step: Body = {
      parameters: ["a", "b", "c", "h"],
      nodes: ["r = ReadVariableOp(h)", "s = AddV2(c, r:value:0)"],
      results: ["b", "c", "s:z:0", "h"],
    };
    const nodes = ["k = Const()", "l = While(k, k, x, v)[body=step]"];
    expect(flowOf(["l:0", "l:1", "l:2"], nodes, { step }).outputs).toEqual(["x v", "x v", "x v"]);
  });

  it("follows recursive functions", () => {
    const again: Body = { parameters: ["a"], nodes: ["c = PartitionedCall(a)[f=again]"], results: ["c:output:0"] };
    expect(flowOf(["c:0"], ["c = PartitionedCall(x)[f=again]"], { again }).outputs).toEqual([""]);
  });
});

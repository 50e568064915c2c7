import type { Fault } from "./fault.js";

const NAMED = "test/runtime/call/named-inputs.test.ts";
const CLIENT = "test/generator/client/named-inputs.test.ts";
const NAMES = "test/generator/client/names.test.ts";
const FUNCTIONS = "test/runtime/saved-model/unexported-functions.test.ts";
const EFFECTS = "test/runtime/saved-model/write-effects.test.ts";

/** Faults in inputs by name, and in what generated code says and is called. */
export const faults: readonly Fault[] = [
  {
    id: "client-inputs-by-key",
    file: "runtime/call/named-inputs.ts",
    find: "const name = names[index] ?? key;",
    replace: "const name = key;",
    effect: "Inputs by name have to be given by the keys that TensorFlow made up.",
    tests: [NAMED],
  },
  {
    id: "client-unknown-names-ignored",
    file: "runtime/call/named-inputs.ts",
    find: "filter((name) => !this.#names.has(name))",
    replace: "filter((name) => name === undefined)",
    effect: "A misspelt optional input is ignored without a word.",
    tests: [NAMED],
  },
  {
    id: "client-optional-required",
    file: "runtime/call/named-inputs.ts",
    find: "!optional && values[index] === undefined",
    replace: "values[index] === undefined",
    effect: "An object has to have every optional input.",
    tests: [NAMED],
  },
  {
    id: "client-example-taken-for-inputs",
    file: "runtime/call/named-inputs.ts",
    find: "if (isOfForm(object, this.#first)) return false;",
    replace: "",
    effect: "A tf.Example with a feature that is called like an input is taken for an object of inputs.",
    tests: [NAMED],
  },
  {
    id: "client-names-always-offered",
    file: "runtime/call/named-inputs.ts",
    find: "return first === undefined || isLacking(inputs, first) || isLacking(first, inputs);",
    replace: "return true;",
    effect: "One object can be the first input and all inputs.",
    tests: [NAMED, CLIENT],
  },
  {
    id: "client-async-options-lost",
    file: "runtime/client/method-calls.ts",
    find: "const count = isNamed ? 1 : inputs.length;",
    replace: "const count = inputs.length;",
    effect: "An asynchronous call by name cannot be aborted.",
    tests: [NAMED],
  },
  {
    id: "client-fake-in-order",
    file: "runtime/engines/fake/fake-execution.ts",
    find: "fake(named.toObject(given))",
    replace: "fake(...given)",
    effect: "The function of a fake gets its inputs in an order that its type does not have.",
    tests: [NAMED],
  },
  {
    id: "client-columns-are-batches",
    file: "runtime/training/batches/batches.ts",
    find: "if (columns !== undefined) return columnSource(name, method, columns, options);",
    replace: "",
    effect: "fit does not take columns by name.",
    tests: [NAMED],
  },
  {
    id: "client-sorted-dicts-have-order",
    file: "runtime/saved-model/arguments/author-arguments.ts",
    find: "return known !== name;",
    replace: "return false;",
    effect: "A Keras model with a dict of inputs can be called in alphabetical order only.",
    tests: [CLIENT],
  },
  {
    id: "client-digits-run-together",
    file: "generator/client/names.ts",
    find: "/\\p{N}$/u.test(name) &&",
    replace: "name === word &&",
    effect: "keras-1.12 and keras-11.2 have one class.",
    tests: [NAMES],
  },
  {
    id: "client-ambiguous-part-dropped",
    file: "generator/client/names.ts",
    find: "new Set(converted).size === names.length &&",
    replace: "",
    effect: "Two inputs lose what tells them apart.",
    tests: [NAMES],
  },
  {
    id: "client-unknown-operation-harmless",
    file: "runtime/saved-model/graph/assets-and-operations.ts",
    find: "return others.every((most) => most === least) ? least : undefined;",
    replace: "return least;",
    effect: "A comment says of a custom operation that it changes nothing.",
    tests: [EFFECTS],
  },
  {
    id: "client-slots-first",
    file: "generator/cli/inspect/variable-table.ts",
    find: "rank(a) - rank(b)",
    replace: "rank(b) - rank(a)",
    effect: "The table of variables has the slots of optimizers only.",
    tests: [FUNCTIONS],
  },
];

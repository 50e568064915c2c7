import type { Fault } from "./fault.js";

const STACK = "test/runtime/base/caller-stack.test.ts";
const MESSAGES = "test/runtime/base/error-messages.test.ts";
const PRINT = "test/runtime/tensor/print.test.ts";
const UNREADABLE = "test/generator/cli/unreadable.test.ts";
const INIT = "test/generator/init/init-project.test.ts";

/** Faults in what a person reads: messages, stacks, printed tensors. */
export const faults: readonly Fault[] = [
  {
    id: "errors-inner-stack-lost",
    file: "runtime/base/caller-stack.ts",
    find: "if (!(error instanceof SavedModelError) || begun.has(error)) return error;\n  begun.add(error);\n  const",
    replace: "if (!(error instanceof SavedModelError)) return error;\n  begun.add(error);\n  const",
    effect: "The error of a getter that calls a model points at the outer call.",
    tests: [STACK],
  },
  {
    id: "errors-empty-stack",
    file: "runtime/base/caller-stack.ts",
    find: 'if (stack !== undefined && !/\\n\\s+at /.test(error.stack ?? "")) error.stack = stack;',
    replace: "",
    effect: "An error of a class without methods of its own has no stack.",
    tests: [STACK],
  },
  {
    id: "errors-late-rejection",
    file: "runtime/call/composite-call.ts",
    find: "const missing = this.#inputs.filter((input, place) => values[place] === undefined && input.optional !== true);",
    replace: "const missing = this.#inputs.filter((input, place) => values[place] === undefined && place === 0);",
    effect: "Only the first of several missing ragged inputs is named.",
    tests: [MESSAGES],
  },
  {
    id: "errors-fix-undefined",
    file: "runtime/base/errors.ts",
    find: "if (fix !== undefined) this.fix = fix;",
    replace: "this.fix = fix as string;",
    effect: "An error without advice is logged with `fix: undefined`.",
    tests: [STACK],
  },
  {
    id: "errors-utf8-of-the-model",
    file: "runtime/base/errors.ts",
    find: 'INVALID_UTF8: "input",',
    replace: 'INVALID_UTF8: "model",',
    effect: "A service answers 500 for a lone surrogate.",
    tests: [STACK],
  },
  {
    id: "errors-endless-message",
    file: "runtime/base/errors.ts",
    find: "const what = shorten(message, MAX_MESSAGE);",
    replace: "const what = message;",
    effect: "A log line has a megabyte.",
    tests: [STACK],
  },
  {
    id: "errors-missing-one-by-one",
    file: "runtime/call/prepared-call.ts",
    find: "throw missingInputs(this.inputs.filter(isMissing), this.name);",
    replace: "throw missingInputs(this.inputs.filter(isMissing).slice(0, 1), this.name);",
    effect: "A caller is told of missing inputs one after another.",
    tests: [MESSAGES],
  },
  {
    id: "errors-shards-of-another-save",
    file: "runtime/engines/graph/checkpoint/shards.ts",
    find: "return missing.find((files) => files.length === 0) ?? missing[0] ?? [];",
    replace: "return missing[0] ?? [];",
    effect: "A checkpoint beside the rest of another save is said to be incomplete.",
    tests: [MESSAGES],
  },
  {
    id: "errors-one-shard-is-enough",
    file: "runtime/engines/graph/checkpoint/shards.ts",
    find: "return names.filter((name) => !present.has(name));",
    replace: "return [];",
    effect: "A model with a part of its values is reported with TensorFlow's words.",
    tests: [MESSAGES],
  },
  {
    id: "errors-all-rows-printed",
    file: "runtime/tensor/print-elements.ts",
    find: "return EDGE_COUNTS.find((most) => rowsOf(most) <= MOST_LINES) ?? 1;",
    replace: "return EDGE_COUNTS[0];",
    effect: "A tensor of rank 12 prints thousands of lines.",
    tests: [PRINT],
  },
  {
    id: "errors-first-rows-only",
    file: "runtime/tensor/print-elements.ts",
    find: "const last = Math.floor(most / 2);",
    replace: "const last = 0;",
    effect: "The last rows of a tensor are not printed.",
    tests: [PRINT],
  },
  {
    id: "errors-flags-in-the-configuration",
    file: "generator/project/project.ts",
    find: 'throw inTermsOf("configuration", cause);',
    replace: 'throw inTermsOf("flag", cause);',
    effect: "Who has a configuration is told of a flag.",
    tests: [UNREADABLE],
  },
  {
    id: "errors-keep-going-succeeds",
    file: "generator/cli/generate.ts",
    find: "for (const path of orphans) cleanUp(path, clean === true, dryRun === true);\n      if (failure !== undefined) throw failure;",
    replace: "for (const path of orphans) cleanUp(path, clean === true, dryRun === true);",
    effect: "A build goes on without some of its clients.",
    tests: [UNREADABLE],
  },
  {
    id: "errors-init-tags",
    file: "generator/init/find-models.ts",
    find: "if (tags === undefined && className === undefined) return model;",
    replace: "if (className === undefined) return model;",
    effect: "The first generate after init fails for a model of several meta graphs.",
    tests: [INIT, UNREADABLE],
  },
  {
    id: "errors-json-astral",
    file: "generator/cli/ui/safe-json.ts",
    find: "Array.from({ length: character.length }",
    replace: "Array.from({ length: 1 }",
    effect: "The JSON of a key with a tag character has another key.",
    tests: [UNREADABLE],
  },
];

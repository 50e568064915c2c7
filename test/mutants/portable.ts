import type { Fault } from "./fault.js";

/** Diagnostics, traces, options, configuration, and the search for the library. */
export const faults: readonly Fault[] = [
  {
    id: "portable-natural-order",
    file: "runtime/text.ts",
    find: 'const left = a.replace(/^0+(?=\\d)/, "");',
    replace: "const left = a;",
    effect: "output_02 comes after output_10",
    tests: ["test/generator/generate.test.ts"],
  },
  {
    id: "portable-options-null",
    file: "runtime/options.ts",
    find: " || options === null || Array.isArray(options)",
    replace: " || options === null",
    effect: "an array passes for an options object",
    tests: ["test/runtime/options.test.ts"],
  },
  {
    id: "portable-config-soft-placement",
    file: "runtime/config.ts",
    find: "writer.uint32(CONFIG_ALLOW_SOFT_PLACEMENT).bool(true);",
    replace: "writer.uint32(CONFIG_ALLOW_SOFT_PLACEMENT).bool(false);",
    effect: "models that were exported for a GPU do not load",
    tests: ["test/runtime/options.test.ts"],
  },
];

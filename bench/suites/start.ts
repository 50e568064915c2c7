import { join } from "node:path";
import { inspect } from "../../generator/index.js";
import { C_NAMES, loadCommand } from "../contestants/c.js";
import type { Command } from "../contestants/program.js";
import { startCommand } from "../contestants/python.js";
import { finished } from "../contestants/whole-process.js";
import { isWanted } from "../options.js";
import type { Figures } from "../report/figures.js";
import { median } from "../statistics.js";
import type { Suite } from "./suite.js";

const MODEL = "test/models/custom_model";

/** Output of the programs, in milliseconds and bytes; and the time of the whole process, which is taken here. */
type Printed = Partial<
  Record<
    "importMs" | "libraryMs" | "loadMs" | "firstCallMs" | "cpuMs" | "loadedRssBytes" | "rssBytes" | "wholeMs",
    number
  >
>;

const MEGABYTE = 1024 * 1024;
const COLUMNS: Readonly<Record<string, (printed: Printed) => number | undefined>> = {
  import: ({ importMs }) => importMs,
  // The client opens the library when it first loads a model.
  load: ({ libraryMs = 0, loadMs }) => loadMs && loadMs + libraryMs,
  "first call": ({ firstCallMs }) => firstCallMs,
  whole: ({ wholeMs }) => wholeMs,
  CPU: ({ cpuMs }) => cpuMs,
  "MB loaded": ({ loadedRssBytes }) => loadedRssBytes && loadedRssBytes / MEGABYTE,
  "MB called": ({ rssBytes }) => rssBytes && rssBytes / MEGABYTE,
};

/** Measures new processes: importing the package, loading a minimal model, its first call, and the memory. */
export const start: Suite = async function* (workplace, options) {
  if (!isWanted("start", options.only)) return;
  const node = (...args: readonly string[]): Command => {
    return { file: process.execPath, args: [join(workplace.programs, "start.js"), ...args] };
  };
  const commands: Readonly<Record<string, Command | { readonly absent: string }>> = {
    [C_NAMES.single]: loadCommand(workplace, inspect(MODEL), "pred"),
    "Node.js alone": node("nothing"),
    "savedmodel, imported": node("import"),
    savedmodel: node("load", MODEL),
    Python: startCommand(workplace, MODEL),
  };
  const printed = new Map<string, Printed[]>();
  const failures = new Map<string, string>();
  for (let round = 0; round < (options.quick ? 2 : 9); round++) {
    for (const [name, command] of Object.entries(commands)) {
      if ("absent" in command) failures.set(name, command.absent);
      // Python takes seconds.
      if ("absent" in command || failures.has(name) || (name === "Python" && round >= 3)) continue;
      try {
        const before = performance.now();
        const figures = JSON.parse(finished(command, workplace.root)) as Printed;
        printed.set(name, [...(printed.get(name) ?? []), { ...figures, wholeMs: performance.now() - before }]);
      } catch (error) {
        failures.set(name, error instanceof Error ? error.message : `${error}`);
      }
    }
  }
  const figures: Figures = {
    name: "start",
    title: "a process that loads custom_model and calls pred() once",
    unit: "milliseconds; memory in MB",
    columns: Object.keys(COLUMNS),
    rows: Object.keys(commands).map((name) => {
      const absent = failures.get(name);
      if (absent !== undefined) return { name, absent };
      const rounds = printed.get(name) ?? [];
      return {
        name,
        values: Object.values(COLUMNS).map((of) => median(rounds.map((round) => of(round) ?? Number.NaN))),
      };
    }),
  };
  yield figures;
};

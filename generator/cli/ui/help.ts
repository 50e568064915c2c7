import type { Command } from "commander";
import { stdout } from "./colors.js";
import { columnsOf, flow, sentence } from "./layout.js";

/** Default width of a help. */
const COLUMNS = 80;

/** Default meanings of exit codes. */
const EXIT_CODES = {
  0: "success",
  1: "failure; the message says why",
  2: "invalid command line",
};

/** The end of a command's help. */
export interface HelpEnd {
  /** Command lines, without the program's name. */
  readonly examples: readonly string[];
  /** Meanings of exit codes for this command. */
  readonly exitCodes?: Readonly<Record<number, string>>;
}

/** Adds examples and exit codes to the end of a help. */
export function addHelpEnd(command: Command, { examples, exitCodes = {} }: HelpEnd): Command {
  return command.addHelpText("after", () => {
    const codes = Object.entries({ ...EXIT_CODES, ...exitCodes });
    const indent = 2 + Math.max(...codes.map(([code]) => code.length)) + 2;
    const lines = codes.map(([code, text]) => {
      return `${`  ${code}`.padEnd(indent)}${flow(sentence(text), helpWidth(), indent, indent)}`;
    });
    return [
      "",
      stdout.bold("Examples:"),
      ...examples.map((example) => `  savedmodel ${example}`),
      "",
      stdout.bold("Exit codes:"),
      ...lines,
    ].join("\n");
  });
}

/** Returns the number of columns of a help. */
export function helpWidth(): number {
  const columns = columnsOf(process.stdout);
  return columns === Number.POSITIVE_INFINITY ? COLUMNS : columns;
}

/** Formats `inspect <dir>`: a command in the list of all. */
export function commandTerm(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(" ");
}

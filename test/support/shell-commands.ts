import { type Block, blocksIn, documents, placeOf, prose } from "./documents.js";

/** A `npx savedmodel …` that a document shows. */
export interface ShownCommand {
  readonly place: string;
  /** The words behind `savedmodel`, without quotes. */
  readonly words: readonly string[];
}

/** Text of a shell, with where it stands. */
export interface Script {
  readonly place: string;
  readonly text: string;
}

/** The scripts of documents: `sh` blocks, lines behind a prompt, and the `RUN` lines of a Dockerfile. */
export function scripts(): readonly Script[] {
  const whole = blocksIn("sh").map((block) => ({ place: placeOf(block), text: block.code }));
  const prompts = blocksIn("console", "").flatMap((block) => linesOf(block, /^\$ (.*(?:\\\n.*)*)/gm));
  return [...whole, ...prompts, ...blocksIn("dockerfile").flatMap((block) => linesOf(block, /^RUN (.*)/gm))];
}

function linesOf(block: Block, pattern: RegExp): readonly Script[] {
  return Array.from(block.code.matchAll(pattern), ([, text = ""]) => ({ place: placeOf(block), text }));
}

/** Every command line of this package in scripts, and in prose between backticks. */
export function shownCommands(): readonly ShownCommand[] {
  const inProse = documents.flatMap((place) =>
    Array.from(prose(place).matchAll(/`(npx savedmodel [^`]+)`/g), ([, text = ""]) => ({ place, text })),
  );
  return [...scripts(), ...inProse].flatMap(({ place, text }) =>
    commandsOf(text)
      .filter(([npx, name]) => npx === "npx" && name === "savedmodel")
      .map((words) => ({ place, words: words.slice(2) })),
  );
}

/** The words of each command of a script, without quotes and comments, and without expansion. */
function commandsOf(script: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  const token = /(?<end>&&|\|\||[;|\n])|(?<comment>#[^\n]*)|(?<word>(?:'[^']*'|"[^"]*"|[^\s;|&'"])+)/g;
  for (const { groups } of script.replaceAll("\\\n", " ").matchAll(token)) {
    if (groups?.end !== undefined) commands.push([]);
    else if (groups?.word !== undefined) commands.at(-1)?.push(groups.word.replaceAll(/['"]/g, ""));
  }
  return commands;
}

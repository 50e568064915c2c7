import { relative, resolve } from "node:path";
import { Command } from "commander";
import { type ErrorCode, SavedModelError } from "../../runtime/base/errors.js";
import { printable } from "../../runtime/base/text.js";
import type { FileCheck } from "../check/check-project.js";
import type { LoadedConfig } from "../config/load-config.js";
import type { ProjectFile } from "../project/project.js";
import { refuseWithFolders, requireConfig } from "./check-configured.js";
import { addClientOptions, type ClientFlags, clientOptions } from "./flags/client-flags.js";
import { inFlags } from "./flags/tags.js";
import { stdout } from "./ui/colors.js";
import { marked } from "./ui/error-message.js";
import { addHelpEnd } from "./ui/help.js";
import { columnsOf, flow, sentence } from "./ui/layout.js";
import { safeJson } from "./ui/safe-json.js";

/** Exit codes of this command: generated files are out of date, and a model that cannot be read. */
const DRIFT = 1;
const UNREADABLE = 3;

const UNREADABLE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "MODEL_NOT_FOUND",
  "NOT_A_SAVED_MODEL",
  "MODEL_CORRUPT",
  "MODEL_TOO_LARGE",
  "MODEL_FORMAT_UNSUPPORTED",
  "TAGS_NOT_FOUND",
  "LOAD_FAILED",
]);

interface CheckFlags extends ClientFlags {
  readonly json?: true;
}

/** Returns `savedmodel check`, which compares the generated files with those that would be generated now. */
export function checkCommand(): Command {
  const command = new Command("check")
    .summary("check whether the generated clients are up to date")
    .description("Generates the clients in memory, compares them with the files, and lists what changed for callers.")
    .argument("[dirs...]", "folders that hold saved_model.pb (default: those of the configuration)");
  addClientOptions(command, {
    output: "where the clients were written (default: generated)",
    index: "check an index.ts as well",
  })
    .option("--json", "print the result as JSON")
    .action(check);
  return addHelpEnd(command, {
    examples: ["check", "check my_model -o src/generated", "check --json"],
    exitCodes: {
      0: "the files are up to date",
      1: "files are out of date, or cannot be read",
      2: "invalid command line or configuration",
      3: "a model cannot be read",
    },
  });
}

async function check(directories: readonly string[], flags: CheckFlags): Promise<void> {
  await reportingErrors(flags, () => compare(directories, flags));
}

async function compare(directories: readonly string[], flags: CheckFlags): Promise<void> {
  if (directories.length > 0) refuseWithFolders("--config", flags.config);
  const loaded = directories.length === 0 ? await requireConfig(flags) : undefined;
  const { checkFiles } = await import("../check/check-project.js");
  const root = loaded?.root ?? process.cwd();
  const { files, orphans } = await generateAll(directories, flags, loaded);
  const found = checkFiles(files, orphans, root);
  const stale = found.filter(({ status }) => status !== "fresh");
  if (flags.json === true) {
    const report = { formatVersion: 1, fresh: stale.length === 0, files: found };
    process.stdout.write(`${safeJson(report, 2)}\n`);
  } else {
    for (const file of stale) process.stdout.write(describeFile(file, root));
    process.stdout.write(verdict(found, stale, loaded === undefined ? undefined : flags));
  }
  if (stale.length > 0) process.exitCode = DRIFT;
}

interface Generated {
  readonly files: readonly ProjectFile[];
  readonly orphans: readonly string[];
}

async function generateAll(
  directories: readonly string[],
  flags: CheckFlags,
  loaded: LoadedConfig | undefined,
): Promise<Generated> {
  const { generateFiles, generateProject } = await import("../project/project.js");
  if (loaded !== undefined) {
    const { findOrphans } = await import("../project/orphans.js");
    const files = generateProject(loaded.config, loaded.root);
    return { files, orphans: findOrphans(loaded.config, loaded.root, files) };
  }
  const { checkTarget } = await import("../client/target.js");
  const { output = "generated", index, importExtension, target } = flags;
  const client = clientOptions(directories, flags);
  const models = directories.map((directory) => ({
    directory: resolve(directory),
    output: resolve(output),
    ...client,
  }));
  const options = {
    index: index === true,
    ...(importExtension !== undefined && { importExtension }),
    ...(target !== undefined && { target: checkTarget(target) }),
  };
  return { files: inFlags(() => generateFiles(models, options, process.cwd())), orphans: [] };
}

/** Sets the exit code of a model that cannot be read, and prints JSON if requested. */
async function reportingErrors(flags: CheckFlags, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    const { code, rawMessage: message } = error;
    if (UNREADABLE_CODES.has(code)) process.exitCode = UNREADABLE;
    if (flags.json === true) {
      process.stdout.write(`${safeJson({ formatVersion: 1, fresh: false, error: { code, message } }, 2)}\n`);
    }
    throw error;
  }
}

function describeFile({ path, status, changes, diff }: FileCheck, root: string): string {
  const shown = printable(relative("", resolve(root, path)), 500);
  const width = columnsOf(process.stdout);
  const told = changes.map((change) => `  ${flow(sentence(change), width, 4, 2)}\n`);
  const head = [
    { text: status, style: stdout.yellow },
    { text: shown, style: stdout.bold, isWhole: true },
  ];
  return `${flow(head, width, 4)}\n${told.join("")}${colourDiff(diff)}`;
}

function colourDiff(diff: string): string {
  const colours: Readonly<Record<string, (text: string) => string>> = {
    "+": stdout.green,
    "-": stdout.red,
    "@": stdout.cyan,
  };
  const lines = diff === "" ? [] : diff.trimEnd().split("\n");
  return lines
    .map((line) => `${(colours[line.charAt(0)] ?? String)(printable(line, Number.POSITIVE_INFINITY))}\n`)
    .join("");
}

/** @param flags the flags of a check of a configuration */
function verdict(found: readonly FileCheck[], stale: readonly FileCheck[], flags: CheckFlags | undefined): string {
  const width = columnsOf(process.stdout);
  const files = `${found.length} ${found.length === 1 ? "file" : "files"}`;
  if (stale.length === 0) return marked({ text: "up to date", style: stdout.green }, files, width);
  const clean = stale.some(({ status }) => status === "orphaned") ? " --clean" : "";
  const config = flags?.config === undefined ? "" : ` --config ${printable(flags.config, 500)}`;
  const fix =
    flags === undefined ? " Generate the clients again." : ` Run \`npx savedmodel generate${config}${clean}\`.`;
  return marked({ text: "out of date", style: stdout.red }, `${stale.length} of ${files}.${fix}`, width);
}
